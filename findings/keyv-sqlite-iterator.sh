#!/usr/bin/env bash
# Software: keyv 5.6.0, @keyv/sqlite 4.0.8, npm.
# Expected: iterating over a storage yields every value that has not expired.
# Instead:  the adapter reads ten rows at a time and asks for the next ones by their number (OFFSET). Keyv deletes an expired
#           value when the iterator comes across it; then the rows behind it have lower numbers, and as many that have not
#           expired are skipped. Deletions by other requests do the same. With an `iterationLimit` above the number of rows
#           nothing is skipped.
# Seen:     the lines at the end of this script. sqlite3 is built when it is installed, or comes ready-made.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages keyv@5.6.0 @keyv/sqlite@4.0.8
npm rebuild sqlite3 > npm.log 2>&1 || { cat npm.log; exit 1; }

cat > try.mjs <<'JS'
import { setTimeout } from 'node:timers/promises'
import KeyvSqlite from '@keyv/sqlite'
import Keyv from 'keyv'

for (const iterationLimit of [undefined, 1000]) {
  const keyv = new Keyv({ store: new KeyvSqlite({ uri: `sqlite://${iterationLimit}.db`, iterationLimit }), throwOnErrors: true })
  for (let i = 0; i < 30; i++) await keyv.set(`session ${i}`, 'joe', i % 2 === 0 ? 1 : 60_000)
  await setTimeout(50)
  let seen = 0
  for await (const _ of keyv.iterator()) seen++
  console.log(`iterationLimit ${iterationLimit}: 15 of 30 have expired, the iterator yields ${seen}`)
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
iterationLimit undefined: 15 of 30 have expired, the iterator yields 10
iterationLimit 1000: 15 of 30 have expired, the iterator yields 15
SEEN

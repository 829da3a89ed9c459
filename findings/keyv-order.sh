#!/usr/bin/env bash
# Software: keyv 5.6.0 and 6.1.0, npm, with their default store in memory.
# Expected: operations on one key take effect in the order in which they were called.
# Instead:  `set` first awaits the serializer and only then calls the store, while `get`, `delete` and `clear` call it at once.
#           A `delete` that is called after `set`, and not awaited in between, runs first: it resolves to false, and the value
#           it should have removed remains. A `get` called after `set` does not find the value. Login and logout are such
#           a pair, if they come from two requests.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages keyv5@npm:keyv@5.6.0 keyv6@npm:keyv@6.1.0

cat > try.mjs <<'JS'
for (const name of ['keyv5', 'keyv6']) {
  const { default: Keyv } = await import(name)
  const keyv = new Keyv()
  const [, deleted] = await Promise.all([keyv.set('login', 'joe'), keyv.delete('login')])
  console.log(`${name}: set, delete: delete resolved to ${deleted}, the key holds ${await keyv.get('login')}`)
  const [, got] = await Promise.all([keyv.set('other', 'joe'), keyv.get('other')])
  console.log(`${name}: set, get: get resolved to ${got}`)
  await Promise.all([keyv.set('third', 'joe'), keyv.clear()])
  console.log(`${name}: set, clear: the key holds ${await keyv.get('third')}`)
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
keyv5: set, delete: delete resolved to false, the key holds joe
keyv5: set, get: get resolved to undefined
keyv5: set, clear: the key holds joe
keyv6: set, delete: delete resolved to false, the key holds joe
keyv6: set, get: get resolved to undefined
keyv6: set, clear: the key holds joe
SEEN

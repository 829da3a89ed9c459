#!/usr/bin/env bash
# Software: keyv 5.6.0, @keyv/memcache 2.0.2, npm; a memcached that is already on the machine (seen with 1.6.18).
# Expected: a value with a time to live of 40 days is kept for 40 days, or `set` fails.
# Instead:  `set` resolves to true and the value is gone at once. The adapter sends the time to live in seconds, and memcached
#           takes more than 2592000 of them, which is 30 days, for a date since 1970. Sessions and logins with a long life
#           are lost without an error, and those of 30 days are not.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
command -v memcached > /dev/null || { echo 'skipped: there is no memcached on this machine'; exit 0; }
memcached --version
npm_packages keyv@5.6.0 @keyv/memcache@2.0.2
port=$(free_port)
memcached -u root -l 127.0.0.1 -p "$port" > memcached.log 2>&1 &
background+=($!)

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import KeyvMemcache from '@keyv/memcache'
import Keyv from 'keyv'

const port = process.argv[2]
for (;;) {
  const socket = createConnection(port, '127.0.0.1')
  if (await once(socket, 'connect').then(() => true, () => false)) { socket.destroy(); break }
}
const keyv = new Keyv({ store: new KeyvMemcache(`127.0.0.1:${port}`), throwOnErrors: true })
for (const days of [7, 30, 40]) {
  console.log(`${days} days: set resolved to ${await keyv.set('session', 'joe', days * 86_400_000)}, get to ${await keyv.get('session')}`)
}
process.exit()
JS
timeout 60 node try.mjs "$port" > seen

expect seen <<'SEEN'
7 days: set resolved to true, get to joe
30 days: set resolved to true, get to joe
40 days: set resolved to true, get to undefined
SEEN

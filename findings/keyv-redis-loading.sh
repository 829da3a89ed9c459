#!/usr/bin/env bash
# Software: keyv 5.6.0 and @keyv/redis 5.1.6, npm; a redis-server that is already on the machine (seen with 7.0.15).
# Expected: while Redis starts and loads its data, reads and writes fail or wait.
# Instead:  Redis accepts connections at once and answers everything, even PING, with a LOADING error. Keyv turns these errors
#           into ordinary answers: `get` resolves to undefined, as for a key that was never set, and `set` to true although
#           nothing is stored. The errors are only emitted as events. After a restart of Redis, logged-in users look logged
#           out until it has loaded, and new logins are lost. Setting `throwOnErrors` on Keyv alone changes nothing, and on
#           the adapter alone it is not enough: both need it.
# Seen:     the lines at the end of this script. Loading is slowed down with a setting that Redis has for its own tests.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
command -v redis-server redis-cli > /dev/null || { echo 'skipped: there is no redis-server on this machine'; exit 0; }
redis-server --version
npm_packages keyv@5.6.0 @keyv/redis@5.1.6
port=$(free_port)
start_redis () {
  redis-server --port "$port" --bind 127.0.0.1 --dir "$here" --save '' "$@" > redis.log 2>&1 &
  background+=($!)
  for _ in $(seq 100); do redis-cli -p "$port" ping > pong 2>&1 && grep -qE 'PONG|LOADING' pong && return; sleep 0.1; done
  cat redis.log
  exit 1
}

cat > try.mjs <<'JS'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'

const [url, when] = process.argv.slice(2)
const make = (ofKeyv, ofAdapter) => {
  const keyv = new Keyv({ store: new KeyvRedis(url, { throwOnErrors: ofAdapter }), throwOnErrors: ofKeyv })
  keyv.on('error', () => {})
  return keyv
}
const outcome = (promise) => promise.then(value => `resolves to ${value}`, ({ message }) => `rejects with ${message.split(' ')[0]}`)
if (when === 'before') {
  await make(true, true).set('session', 'joe')
} else if (when === 'loading') {
  for (const [name, ...options] of [['no throwOnErrors'], ['of Keyv', true, false], ['of the adapter', false, true], ['of both', true, true]]) {
    const keyv = make(...options)
    console.log(`${name}: get ${await outcome(keyv.get('session'))}, set ${await outcome(keyv.set('session', 'ann'))}`)
  }
} else {
  console.log('when Redis has loaded: get', await outcome(make(true, true).get('session')))
}
process.exit()
JS

start_redis
timeout 60 node try.mjs "redis://127.0.0.1:$port" before
seq -f 'SET filler:%g x' 20000 | redis-cli -p "$port" > fill.log
redis-cli -p "$port" save > save.log
kill "${background[-1]}"
wait "${background[-1]}" || true
start_redis --key-load-delay 1000 --loading-process-events-interval-bytes 1024
{
  echo "PING: $(redis-cli -p "$port" ping 2>&1)" | head -n 1
  timeout 60 node try.mjs "redis://127.0.0.1:$port" loading
  for _ in $(seq 600); do redis-cli -p "$port" ping 2>&1 | grep -q PONG && break; sleep 0.2; done
  timeout 60 node try.mjs "redis://127.0.0.1:$port" loaded
} > seen

expect seen <<'SEEN'
PING: LOADING Redis is loading the dataset in memory
no throwOnErrors: get resolves to undefined, set resolves to true
of Keyv: get resolves to undefined, set resolves to true
of the adapter: get resolves to undefined, set resolves to false
of both: get rejects with LOADING, set rejects with LOADING
when Redis has loaded: get resolves to joe
SEEN

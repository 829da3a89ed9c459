#!/usr/bin/env bash
# Software: keyv 5.6.0 and 6.1.0, npm.
# Expected: `throwOnErrors` makes Keyv reject when its storage does, and a storage that cannot be iterated says so.
# Instead:  Keyv 6 has no such option and takes it without a word. What the storage throws is only emitted: `get` resolves to
#           undefined, as for a key that was never set, and an iterator ends early, as if there were no more. Code that was
#           written for version 5 then takes a session whose storage is down for one that does not exist.
#           `keyv.store`, with `keyv.encode` and `keyv.decode`, rejects.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages keyv5@npm:keyv@5.6.0 keyv6@npm:keyv@6.1.0

cat > try.mjs <<'JS'
/** A storage that goes down. */
class Storage {
  opts = { dialect: 'sqlite', url: '' }
  map = new Map()
  state = 'up'
  check () { if (this.state === 'down') throw new Error('the storage is down') }
  async get (key) { this.check(); return this.map.get(key) }
  async set (key, value) { this.check(); this.map.set(key, value); return true }
  async delete (key) { this.check(); return this.map.delete(key) }
  async has (key) { this.check(); return this.map.has(key) }
  async clear () {}
  async * iterator () {
    for (const entry of this.map) {
      yield entry
      this.state = 'down'
      this.check()
    }
  }
}

const outcome = (promise) => promise.then(value => `resolves to ${value}`, ({ message }) => `rejects: ${message}`)
for (const name of ['keyv5', 'keyv6']) {
  const { default: Keyv } = await import(name)
  const store = new Storage()
  const keyv = new Keyv({ store, throwOnErrors: true })
  keyv.on('error', () => {})
  await keyv.set('first', 'joe')
  await keyv.set('second', 'ann')
  const count = async () => {
    let n = 0
    for await (const _ of keyv.iterator()) n++
    return n
  }
  console.log(`${name}: the number of values that are iterated over ${await outcome(count())}`)
  console.log(`${name}: get ${await outcome(keyv.get('first'))}`)
  console.log(`${name}: set ${await outcome(keyv.set('first', 'joe'))}`)
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
keyv5: the number of values that are iterated over rejects: the storage is down
keyv5: get rejects: the storage is down
keyv5: set rejects: the storage is down
keyv6: the number of values that are iterated over resolves to 1
keyv6: get resolves to undefined
keyv6: set resolves to false
SEEN

#!/usr/bin/env bash
# Software: cbor 10.0.12, npm (AutobahnJS uses version 9 of it, with `encodeAsync`).
# Expected: `cbor.encode(value)` returns the whole encoding or throws.
# Instead:  it returns only what fits into the buffer of a stream, some 16 KiB, as if that were all. There is no error. The
#           receiver finds out, if its decoder insists on complete data. `encodeAsync` returns everything, and so does
#           `encodeOne` with a larger `highWaterMark`. A long string alone is not cut, so a quick test with one passes.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages cbor@10.0.12

cat > try.mjs <<'JS'
import cbor from 'cbor'

const list = Array.from({ length: 2000 }, (_, i) => `event ${i}`)
const show = (name, octets) => {
  try {
    console.log(`${name}: ${octets.length} octets, decoded: ${cbor.decodeFirstSync(octets).length} items`)
  } catch (error) {
    console.log(`${name}: ${octets.length} octets, decoded: ${error.message}`)
  }
}
show('encode', cbor.encode(list))
show('encodeAsync', await cbor.encodeAsync(list))
show('encodeOne, highWaterMark 1 MiB', cbor.encodeOne(list, { highWaterMark: 2 ** 20 }))
console.log(`encode, one string of 100000 characters: ${cbor.encode('x'.repeat(100000)).length} octets`)
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
encode: 16394 octets, decoded: Insufficient data
encodeAsync: 20893 octets, decoded: 2000 items
encodeOne, highWaterMark 1 MiB: 20893 octets, decoded: 2000 items
encode, one string of 100000 characters: 100005 octets
SEEN

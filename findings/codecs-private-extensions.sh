#!/usr/bin/env bash
# Software: cbor-x 1.6.9, cborg 6.1.5, msgpackr 2.1.4, @msgpack/msgpack 3.1.3, msgpack5 6.0.2 (the codec of AutobahnJS), npm;
#           cbor2 6.3.0 and msgpack 1.2.4 (the codecs of Autobahn|Python), PyPI.
# Expected: octets and objects with an undefined property are plain data, which any library of the same format reads.
# Instead:  cbor-x marks a Uint8Array with tag 64, though not a Buffer. cborg rejects the tag, and cbor2 hands the app a tag
#           object instead of octets. msgpackr writes undefined as an extension of its own: msgpack5 rejects the whole
#           message, and the other two libraries hand the app an extension object. JSON would have left the property out.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages cbor-x@1.6.9 cborg@6.1.5 msgpackr@2.1.4 @msgpack/msgpack@3.1.3 msgpack5@6.0.2
pip_packages cbor2==6.3.0 msgpack==1.2.4

cat > try.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import { inspect } from 'node:util'
import * as msgpack from '@msgpack/msgpack'
import * as cborx from 'cbor-x'
import * as cborg from 'cborg'
import * as msgpackr from 'msgpackr'
import msgpack5 from 'msgpack5'

const attempt = (name, read) => {
  try {
    console.log(`${name}: ${inspect(read(), { breakLength: Infinity })}`)
  } catch (error) {
    console.log(`${name}: ${error.message}`)
  }
}
const octets = cborx.encode(new Uint8Array([1, 2]))
console.log(`cbor-x writes a Uint8Array as ${octets.toString('hex')}, a Buffer as ${cborx.encode(Buffer.from([1, 2])).toString('hex')}`)
attempt('cborg', () => cborg.decode(octets))
writeFileSync('octets.cbor', octets)

const object = msgpackr.pack({ name: undefined })
attempt('msgpack5', () => msgpack5().decode(object))
attempt('@msgpack/msgpack', () => msgpack.decode(object))
writeFileSync('object.msgpack', object)
JS
cat > try.py <<'PY'
import cbor2
import msgpack

with open('octets.cbor', 'rb') as octets, open('object.msgpack', 'rb') as object:
    print('cbor2:', cbor2.loads(octets.read()))
    print('msgpack (Python):', msgpack.unpackb(object.read()))
PY
timeout 60 node try.mjs > seen
python/bin/python try.py >> seen

expect seen <<'SEEN'
cbor-x writes a Uint8Array as d840420102, a Buffer as 420102
cborg: CBOR decode error: tag not supported (64)
msgpack5: unable to find ext type 0
@msgpack/msgpack: { name: ExtData { type: 0, data: <Buffer 00> } }
cbor2: CBORTag(64, b'\x01\x02')
msgpack (Python): {'name': ExtType(code=0, data=b'\x00')}
SEEN

#!/usr/bin/env bash
# Software: msgpackr 2.1.4, @msgpack/msgpack 3.1.3, cbor-x 1.6.9, cborg 6.1.5, npm; autobahn 26.10.2, PyPI.
# Expected: an id between 2^32 and 2^53, as WAMP uses for sessions and subscriptions, is an integer in every codec.
# Instead:  msgpackr and cbor-x write integers above 2^32 as floating-point numbers, and read integers of 64 bits as BigInt,
#           which equals no number and which `JSON.stringify` rejects. The other two libraries do neither.
#           Autobahn|Python rejects an id that is a float, so a router on msgpackr or cbor-x can lose it as soon as an id is
#           large. Small ids, as in most tests, show nothing of this.
# Seen:     the lines at the end of this script. 0xcb and 0xfb start a float, 0xcf and 0x1b an unsigned integer.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages msgpackr@2.1.4 @msgpack/msgpack@3.1.3 cbor-x@1.6.9 cborg@6.1.5
pip_packages autobahn==26.10.2

cat > try.mjs <<'JS'
import { writeFileSync } from 'node:fs'
import * as msgpack from '@msgpack/msgpack'
import * as cborx from 'cbor-x'
import * as cborg from 'cborg'
import * as msgpackr from 'msgpackr'

const id = 2 ** 40 + 1
const byLibrary = {
  msgpackr: [msgpackr.pack, msgpackr.unpack],
  '@msgpack/msgpack': [msgpack.encode, msgpack.decode],
  'cbor-x': [cborx.encode, cborx.decode],
  cborg: [cborg.encode, cborg.decode]
}
const integer = { msgpackr: msgpack.encode(id), '@msgpack/msgpack': msgpack.encode(id), 'cbor-x': cborg.encode(id), cborg: cborg.encode(id) }
for (const [name, [encode, decode]] of Object.entries(byLibrary)) {
  const read = decode(integer[name])
  console.log(`${name}: writes ${id} from 0x${encode(id)[0].toString(16)}, reads an integer as ${typeof read}, equal to the id: ${read === id}`)
}
writeFileSync('subscribed.msgpack', msgpackr.pack([33, 1, id]))
writeFileSync('subscribed.cbor', cborx.encode([33, 1, id]))
JS
cat > try.py <<'PY'
import txaio

txaio.use_asyncio()

from autobahn.wamp.exception import ProtocolError
from autobahn.wamp.serializer import CBORSerializer, MsgPackSerializer

for name, serializer in (('msgpack', MsgPackSerializer()), ('cbor', CBORSerializer())):
    with open(f'subscribed.{name}', 'rb') as file:
        try:
            print(f'Autobahn|Python, {name}: {serializer.unserialize(file.read(), True)}')
        except ProtocolError as error:
            print(f'Autobahn|Python, {name}: {error}')
PY
timeout 60 node try.mjs > seen
python/bin/python try.py >> seen

expect seen <<'SEEN'
msgpackr: writes 1099511627777 from 0xcb, reads an integer as bigint, equal to the id: false
@msgpack/msgpack: writes 1099511627777 from 0xcf, reads an integer as number, equal to the id: true
cbor-x: writes 1099511627777 from 0xfb, reads an integer as bigint, equal to the id: false
cborg: writes 1099511627777 from 0x1b, reads an integer as number, equal to the id: true
Autobahn|Python, msgpack: 'subscription' in SUBSCRIBED: invalid type <class 'float'> for ID
Autobahn|Python, cbor: 'subscription' in SUBSCRIBED: invalid type <class 'float'> for ID
SEEN

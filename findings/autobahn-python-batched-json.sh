#!/usr/bin/env bash
# Software: autobahn 26.10.2 (Autobahn|Python), PyPI. Crossbar.io uses the same code.
# Expected: in the subprotocol `wamp.2.json.batched` each message ends with octet 0x1E (decimal 30), as the specification says.
# Instead:  it ends with octet 0x18: the source has "\30", which Python reads as an octal number. The library rejects messages
#           that end with 0x1E, so it cannot talk to a router or client that follows the specification.
#           The batched forms of MessagePack and CBOR are not affected.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
pip_packages autobahn==26.10.2

cat > try.py <<'PY'
import txaio

txaio.use_asyncio()

from autobahn.wamp.exception import ProtocolError
from autobahn.wamp.message import Published
from autobahn.wamp.serializer import JsonSerializer

serializer = JsonSerializer(batched=True)
octets, _ = serializer.serialize(Published(1, 2))
print(f'wamp.2.{serializer.SERIALIZER_ID} writes {octets[:-1].decode()} and 0x{octets[-1]:02x}')
for end in (0x18, 0x1e):
    try:
        message, = serializer.unserialize(octets[:-1] + bytes([end]), False)
        print(f'ended with 0x{end:02x}: {type(message).__name__}')
    except ProtocolError as error:
        print(f'ended with 0x{end:02x}: {error}')
PY
python/bin/python try.py > seen

expect seen <<'SEEN'
wamp.2.json.batched writes [17,1,2] and 0x18
ended with 0x18: Published
ended with 0x1e: invalid serialization of WAMP message: Exception batch format error
SEEN

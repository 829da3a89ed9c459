#!/usr/bin/env bash
# Software: autobahn 26.10.2 with asyncio and with Twisted, PyPI (needs Python 3.11). The server is a small program on node:net.
# Expected: a RawSocket client answers PING with PONG, as the WAMP specification requires.
# Instead:  neither implementation knows PING. With asyncio, `ping` raises NotImplementedError, and asyncio closes the connection. With Twisted, the
#           type of the frame counts as part of its length, and the client closes the connection. Both do so when they have joined.
# Seen:     the lines at the end of this script: what a server gets after PING.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
pip_packages 'autobahn[twisted]==26.10.2'

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

function frame (type, content) {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(content.length)
  header[0] = type
  return Buffer.concat([header, content])
}

for (const way of ['asyncio', 'twisted']) {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const child = spawn('python/bin/python', ['try.py', way, String(server.address().port)], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [socket] = await once(server, 'connection')
  const [handshake] = await once(socket, 'data')
  socket.write(handshake.subarray(0, 4))
  await once(socket, 'data') // HELLO
  const welcome = [2, 1, { roles: { broker: {}, dealer: {} }, realm: 'realm1', authid: 'a', authrole: 'a', authmethod: 'anonymous', authprovider: 'static' }]
  socket.write(frame(0, Buffer.from(JSON.stringify(welcome))))
  await new Promise((resolve) => setTimeout(resolve, 1000))
  let answer = 'nothing'
  socket.on('data', (data) => { if ((data[0] & 7) === 2) answer = 'PONG' }).on('error', () => {})
  const end = Promise.race([once(socket, 'close').then(() => 'the connection closes'), new Promise((resolve) => setTimeout(resolve, 3000, 'the connection stays open'))])
  socket.write(frame(1, Buffer.from('ping')))
  console.log(`${way}: ${await end}, PONG: ${answer === 'PONG' ? 'yes' : 'no'}`)
  child.kill('SIGKILL')
  server.close()
  socket.destroy()
}
process.exit()
JS
cat > try.py <<'PY'
import sys

way, port = sys.argv[1], int(sys.argv[2])
if way == 'asyncio':
    import asyncio

    import txaio
    txaio.use_asyncio()
    from autobahn.asyncio.rawsocket import WampRawSocketClientFactory
    from autobahn.asyncio.wamp import ApplicationSession
    from autobahn.wamp.serializer import JsonSerializer
    from autobahn.wamp.types import ComponentConfig

    async def main():
        loop = asyncio.get_running_loop()
        txaio.config.loop = loop
        factory = WampRawSocketClientFactory(lambda: ApplicationSession(ComponentConfig('realm1')), serializer=JsonSerializer())
        await loop.create_connection(factory, '127.0.0.1', port)
        await asyncio.sleep(60)

    asyncio.run(main())
else:
    import txaio
    txaio.use_twisted()
    from autobahn.twisted.rawsocket import WampRawSocketClientFactory
    from autobahn.twisted.wamp import ApplicationSession
    from autobahn.wamp.serializer import JsonSerializer
    from autobahn.wamp.types import ComponentConfig
    from twisted.internet import reactor
    from twisted.internet.endpoints import TCP4ClientEndpoint

    factory = WampRawSocketClientFactory(lambda: ApplicationSession(ComponentConfig('realm1')), serializer=JsonSerializer())
    TCP4ClientEndpoint(reactor, '127.0.0.1', port).connect(factory)
    reactor.run()
PY
timeout 120 node try.mjs > seen 2> errors || { cat errors; exit 1; }

expect seen <<'SEEN'
asyncio: the connection closes, PONG: no
twisted: the connection closes, PONG: no
SEEN

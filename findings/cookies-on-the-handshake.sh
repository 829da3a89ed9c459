#!/usr/bin/env bash
# Software: undici 8.13.1 with http-cookie-agent 8.0.0 and tough-cookie 6.1.0, and ws 8.23.0, on Node.js 22.20.0, npm;
#           aiohttp 3.14.5 and websockets 17.4, PyPI.
# Expected: a client with a cookie jar keeps a cookie that the server sets on the WebSocket handshake (the 101 response), as
#           browsers do, and sends it when it connects again.
# Instead:  it depends on the client, and none of them warns. undici's WebSocket, and `ws` with an agent of http-cookie-agent,
#           send the cookies of their jar on the handshake, but ignore those that the 101 sets. aiohttp sends and keeps them,
#           but its default jar does neither for a server that is addressed by its IP address. Python's websockets has no jar,
#           and the usual way to read a header raises an error if the 101 has two Set-Cookie lines.
# Seen:     the lines at the end of this script: the cookies that a server sees when each client connects twice. The jars hold
#           a cookie named `http` from an HTTP response. Each 101 sets `ws` and `ws2`.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages undici@8.13.1 http-cookie-agent@8.0.0 tough-cookie@6.1.0 ws@8.23.0 node22@npm:node@22.20.0
pip_packages aiohttp==3.14.5 websockets==17.4

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { HttpCookieAgent } from 'http-cookie-agent/http'
import { cookie } from 'http-cookie-agent/undici'
import { CookieJar } from 'tough-cookie'
import { Agent, fetch, WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket, WebSocketServer } from 'ws'

const server = createServer((request, response) => response.setHeader('set-cookie', 'http=1; Path=/').end('hello'))
const websockets = new WebSocketServer({ server })
let sent = []
websockets.on('headers', headers => headers.push('Set-Cookie: ws=1; Path=/', 'Set-Cookie: ws2=1; Path=/'))
websockets.on('connection', (socket, { headers }) => {
  sent.push(headers.cookie?.split('; ').sort().join(' ') ?? 'none')
  socket.send('hello')
})
await once(server.listen(0, '127.0.0.1'), 'listening')
const address = `127.0.0.1:${server.address().port}`
const show = (client) => { console.log(`${client}: sent ${sent.join(', then ')}`); sent = [] }

const dispatcher = new Agent().compose(cookie({ jar: new CookieJar() }))
await (await fetch(`http://${address}/`, { dispatcher })).text()
for (let i = 0; i < 2; i++) {
  const socket = new UndiciWebSocket(`ws://${address}/`, { dispatcher })
  await once(socket, 'message')
  socket.close()
}
show('undici WebSocket with a jar')

const jar = new CookieJar()
await jar.setCookie('http=1; Path=/', `http://${address}/`)
const agent = new HttpCookieAgent({ cookies: { jar } })
for (let i = 0; i < 2; i++) {
  const socket = new WebSocket(`ws://${address}/`, { agent })
  await once(socket, 'message')
  socket.terminate()
}
show('ws with an agent that has a jar')

for (const [name, part] of [['aiohttp', 'default'], ['aiohttp with an unsafe jar', 'unsafe'], ['websockets (Python)', 'websockets']]) {
  await once(spawn('python/bin/python', ['try.py', address, part], { stdio: 'inherit' }), 'exit')
  show(name)
}
process.exit()
JS
cat > try.py <<'PY'
import asyncio
import sys

import aiohttp
import websockets

address, part = sys.argv[1:]


async def with_aiohttp(jar):
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        async with session.get(f'http://{address}/'):
            pass
        for _ in range(2):
            async with session.ws_connect(f'ws://{address}/') as socket:
                await socket.receive()


async def with_websockets():
    for _ in range(2):
        async with websockets.connect(f'ws://{address}/') as socket:
            await socket.recv()
    try:
        socket.response.headers['Set-Cookie']
    except Exception as error:
        print(f'websockets (Python): headers["Set-Cookie"] raises {type(error).__name__}', flush=True)


async def main():
    if part == 'websockets':
        await with_websockets()
    else:
        await with_aiohttp(aiohttp.CookieJar(unsafe=part == 'unsafe'))

asyncio.run(main())
PY
timeout 120 node_modules/node22/bin/node try.mjs > seen

expect seen <<'SEEN'
undici WebSocket with a jar: sent http=1, then http=1
ws with an agent that has a jar: sent http=1, then http=1
aiohttp: sent none, then none
aiohttp with an unsafe jar: sent http=1, then http=1 ws2=1 ws=1
websockets (Python): headers["Set-Cookie"] raises MultipleValuesError
websockets (Python): sent none, then none
SEEN

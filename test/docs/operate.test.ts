import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import { freePort } from '../helper/free-port.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { answerWith, openAutobahn } from '../interop/autobahn-client.ts'
import { node, writeFiles } from './snippets.ts'

const [json] = wireCodecs

t.test('the server of the page on operation serves, is watched, and stops by a signal', async (t) => {
  const folder = writeFiles(t, 'docs/operate.md')
  const metrics = await freePort()
  const child = spawn(process.execPath, [...node, 'server.ts'], {
    cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, PORT: '0', METRICS_PORT: String(metrics), STATE_DIRECTORY: folder, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined }
  })
  t.teardown(() => child.kill('SIGKILL'))
  let url = ''
  for await (const line of createInterface(child.stdout)) {
    url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? ''
    if (url !== '') break
  }
  const ws = `${url.replace('http', 'ws')}/ws`
  const { closed } = await openAutobahn(t, ws, { authmethods: ['wampcra'], authid: 'joe', onchallenge: answerWith('123456') })
  await WireClient.connect(t, ws, json!)
  t.same(await (await fetch(`${url}/health`)).json(), { sessions: 1 })
  t.match(await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(), /^wamp_sessions\{realm="realm1",authrole="frontend"\} 1$/m)
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  t.equal(await closed, null)
  t.same(await exit, [0, null])
})

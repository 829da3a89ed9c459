import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { snippetsOf } from './snippets.ts'

t.test('the program of the client\'s page runs as it is printed, but for the URL and the WebSocket of Node.js 20', async (t) => {
  const { url } = await buildApp(t)
  const { text } = snippetsOf('docs/client.md').find(({ name }) => name === 'client.js')!
  t.match(text, "connect('/ws', {")
  const folder = t.testdir({ 'client.ts': `import { WebSocket } from 'ws'\n${text.replace("connect('/ws', {", `connect('${url}', { WebSocket,`)}` })
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=fastify-wamp-source', '--import=@tapjs/typescript/import', `${folder}/client.ts`])
  t.same(stdout.trim().split('\n').sort(), ['5', 'hello'])
})

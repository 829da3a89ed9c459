import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { snippetsOf, start, writeFiles } from './snippets.ts'

const page = 'docs/http-bridge.md'

t.test('the page on HTTP runs as it stands: cookies, tokens, events, signatures', async (t) => {
  const folder = writeFiles(t, page, {
    'main.ts': `
import { app } from './app.ts'
import './token.ts'
import './bridge.ts'
import './signed.ts'

console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
console.log(app.jwt.sign({ sub: 'machine' }))
`
  })
  const { url, line } = await start(t, folder)
  const token = await line()

  const commands = snippetsOf(page).find(({ language }) => language === 'sh')!.text
  const { stdout } = await promisify(execFile)('bash', ['-ec', commands.replaceAll('http://localhost:8080', url)], { cwd: folder })
  t.match(stdout, /"authid":"joe"[^]*\{"args":\[5\]\}[^]*\{"id":\d+\}/)

  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const events = await fetch(`${url}/events?topic=com.example.news`, { headers })
  const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader()
  t.match(await reader.read(), { value: 'retry: 3000\n\n' })
  await fetch(`${url}/publish`, { method: 'POST', headers: { ...headers, authorization: `Bearer ${token}` }, body: '{"topic":"com.example.news","args":["hello"],"options":{"exclude_me":false}}' })
  t.match(await reader.read(), { value: /"args":\["hello"\]/ })
  t.equal((await fetch(`${url}/signed/call`, { method: 'POST', headers, body: '{"procedure":"com.example.add2"}' })).status, 401)
  t.equal((await fetch(`${url}/events?topic=com.example.news`, { headers: { authorization: 'Bearer wrong' } })).status, 401)
})

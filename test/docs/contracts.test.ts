import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run, writeFiles } from './snippets.ts'

const page = 'docs/contracts.md'

t.test('the page on contracts runs as it stands', async (t) => {
  const folder = writeFiles(t, page, {
    'main.ts': `
import { app } from './app.ts'
import './routes.ts'
import './procedure.ts'
import './reference.ts'

const client = await app.injectWamp({ realm: 'realm1', role: 'anonymous' })
const seen: unknown[] = []
await client.subscribe('com.example.tasks.added', ({ args, kwargs }) => { seen.push([args, kwargs]) })
const post = async (list: string, title: string) => (await app.inject({ method: 'POST', url: \`/lists/\${list}/tasks\`, payload: { title } })).json()
const failed = await client.call('com.example.tasks.add', [], { list: 'home', title: 'x'.repeat(81) }).catch(({ message }) => message)
console.log(JSON.stringify([await post('home', 'milk'), await post('full', 'milk'), failed, await client.call('com.example.tasks.get', [7]), seen]))
await app.close()
`
  })
  const [added, full, failed, got, seen] = JSON.parse(await run(folder, 'main.ts')) as unknown[]
  t.strictSame(added, { id: 1 })
  t.match(full, { statusCode: 409, code: 'com.example.error.list_full' })
  t.equal(failed, 'wamp.error.invalid_argument: kwargs.title must NOT have more than 80 characters')
  t.strictSame(got, { id: 7, for: 'anonymous' })
  t.strictSame(seen, [[[1], { title: 'milk' }]])

  const reference = readFileSync(join(folder, 'api.md'), 'utf8')
  t.equal(reference, `# Tasks

## Procedures

### \`com.example.tasks.add\`

Adds a task to a list

| | | |
|---|---|---|
| \`kwargs.list\` | string |  |
| \`kwargs.title\` | string (at most 80 characters) |  |

Result: { id: integer }

Errors: \`com.example.error.list_full\` (HTTP 409)

### \`com.example.add2\`

| | | |
|---|---|---|
| \`args[0]\` | number |  |
| \`args[1]\` | number |  |

Result: number

## Topics

### \`com.example.tasks.added\`

| | | |
|---|---|---|
| \`args[0]\` | integer |  |
| \`kwargs.title\` | string |  |
`)
})

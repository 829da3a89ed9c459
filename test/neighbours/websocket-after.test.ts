import t from 'tap'
import { run } from '../docs/snippets.ts'

t.test('@fastify/websocket that is registered after fastify-wamp throws an error of Fastify that nobody can catch, as docs/neighbours.md says', async (t) => {
  const folder = t.testdir({
    'main.ts': `
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'

process.once('uncaughtException', ({ message }) => {
  console.log(message)
  process.exit()
})
const app = Fastify()
app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
app.register(fastifyWebsocket)
await app.ready()
`
  })
  t.equal(await run(folder, 'main.ts'), "The decorator 'ws' has already been added!\n")
})

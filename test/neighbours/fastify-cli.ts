import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { isGoodNeighbour } from './good-neighbour.ts'
import { install } from './install.ts'

const packages = { 'fastify-cli': '8.0.2', '@fastify/autoload': '6.5.0' }
const ours = new URL('good-neighbour.ts', import.meta.url).href

const installed = await install(packages)

t.test(`an app with fastify-wamp among its plugins starts by fastify-cli ${packages['fastify-cli']} with @fastify/autoload`, { skip: installed.skip }, async (t) => {
  if (installed.skip !== false) return
  const app = t.testdir({
    plugins: {
      'wamp.js': `
import fp from 'fastify-plugin'
import { registerOurs } from ${JSON.stringify(ours)}
export default fp(registerOurs)
`
    },
    routes: {
      'rest.js': `
import { registerRest } from ${JSON.stringify(ours)}
export default async (app) => { registerRest(app) }
`
    }
  })
  const main = join(installed.folder, 'app.js')
  await writeFile(main, `
import autoload from '@fastify/autoload'
export default async (app, _options) => {
  app.register(autoload, { dir: ${JSON.stringify(join(app, 'plugins'))} })
  app.register(autoload, { dir: ${JSON.stringify(join(app, 'routes'))} })
}
`)
  // Its command `start` takes no port 0. This is what the command does, for tests.
  const { build } = installed.load<{ build (args: readonly string[]): Promise<FastifyInstance> }>('fastify-cli/helper.js')
  const running = await build([main])
  t.teardown(() => running.close())
  const url = await running.listen({ port: 0, host: '127.0.0.1' })
  await isGoodNeighbour(t, { url, close: () => running.close() })
})

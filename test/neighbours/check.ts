import Fastify from 'fastify'
import type { Test } from 'tap'
import { isGoodNeighbour, registerOurs, registerRest } from './good-neighbour.ts'
import { install } from './install.ts'
import type { Neighbour } from './neighbour.ts'

/** Checks that fastify-wamp and each of these plugins work in one app, registered in either order. */
export async function checkNeighbours (t: Test, neighbours: readonly Neighbour[]): Promise<void> {
  const installed = await install(Object.assign({}, ...neighbours.map(({ packages }) => packages)))
  for (const neighbour of neighbours) {
    const { name, packages, fails } = neighbour
    for (const order of ['before', 'after'] as const) {
      const fault = fails?.[order]
      await t.test(`${name} ${packages[name]!} ${fault === undefined ? 'works' : 'is refused'} where it is registered ${order} fastify-wamp`, { skip: installed.skip }, async (t) => {
        if (installed.skip !== false) return
        const app = Fastify()
        t.teardown(() => app.close())
        const steps = [() => neighbour.register(app, installed, t), () => registerOurs(app)]
        for (const step of order === 'before' ? steps : steps.toReversed()) await step()
        registerRest(app)
        if (fault !== undefined) {
          await t.rejects(async () => { await app.ready() }, fault)
          return
        }
        const url = await app.listen({ port: 0, host: '127.0.0.1' })
        await neighbour.works(t, { app, url, order, installed })
        await isGoodNeighbour(t, { url, close: () => app.close() })
      })
    }
  }
}

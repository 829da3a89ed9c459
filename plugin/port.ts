import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { clientRoutes } from '../routes/client.ts'
import { closeConnections } from '../routes/connections.ts'
import { registerWebsocket } from '../routes/host.ts'
import { PortConnections } from '../routes/port-connections.ts'
import { mountStatic } from '../routes/static.ts'
import { errors } from './errors.ts'
import { decorateApp, kHost } from './host-app.ts'
import type { Host } from './host-app.ts'
import type { PortOptions } from './options.ts'
import { resolvePort } from './resolve-options.ts'
import type { ResolvedOptions } from './resolved-options.ts'

/** Serves the router of one app on the port of another. */
export const port: FastifyPluginAsync<PortOptions> = async (fastify, given) => {
  if (fastify.hasDecorator(kHost)) throw new errors.WAMP_ERR_HOST_PLUGIN('fastify-wamp', 'is already registered: wampPort is for another Fastify app, which has its own port')
  const connections = new PortConnections()
  const host = { ...hostOf(given), connections }
  const files = resolvePort(given, host.served)
  host.ports.add(fastify)
  await registerWebsocket(fastify)
  fastify.addHook('preClose', (done) => {
    connections.end(host.options.shutdownTimeout)
    done()
  })
  fastify.addHook('onClose', async () => {
    connections.close()
    host.ports.delete(fastify)
  })
  closeConnections(fastify, host.options.shutdownTimeout)
  decorateApp(fastify, host)
  await serveFiles(fastify, files)
}

/** Serves the files of an app. */
export async function serveFiles (fastify: FastifyInstance, { client, static: folders }: Pick<ResolvedOptions, 'client' | 'static'>): Promise<void> {
  if (client !== null) await fastify.register(clientRoutes, { path: client })
  for (const folder of folders) await mountStatic(fastify, folder)
}

/** The host of the router that the option `app` has. */
function hostOf (given: PortOptions): Host {
  const { app } = given
  if (app?.[kHost] === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('app', 'must be a Fastify app on which wampPlugin has been loaded: await app.register(wampPlugin, …) first')
  // It would never close this port.
  if (app[kHost].router.state !== 'open') throw new errors.WAMP_ERR_INVALID_OPTION('app', 'must not have begun to close')
  return app[kHost]
}

import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientFiles } from '#client-files'
import { jsonCodec } from '../plugin/codec/json-codec.ts'
import { subprotocolsOf } from '../plugin/codec/subprotocols.ts'
import type { ResolvedOptions } from '../plugin/resolved-options.ts'
import type { WebsocketRouteOptions } from './websocket.ts'

type ConsoleHost = Pick<WebsocketRouteOptions, 'entrance' | 'gateway' | 'connections'> & { readonly options: Pick<ResolvedOptions, 'endpoint' | 'limits'> }

/** What the console page is made of. */
export interface ConsoleParts {
  /** Where the page is mounted. */
  readonly path: string
  /** The role that may see it. */
  readonly role: string
  /** The realm of that role; undefined if only one realm has it. */
  readonly realm?: string
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml'
}
const assets = ['index.html', 'icon.svg', 'theme.css', 'console.css', 'narrow.css', 'console.js', 'by-hand.js', 'connection.js', 'dom.js', 'lists.js', 'live-list.js', 'messages.js', 'table.js']

const headers = {
  // Its own files and its own WebSocket, and no text that could become markup or code.
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store'
} as const

/**
 * The WebSocket route of the page, below its path: a proxy may replace the prefixes of paths, but keeps what follows them. Only a cookie logs
 * in here, so this path does not bypass a proxy's restrictions of the other WebSocket routes.
 */
export function consoleEndpoint (path: string, { options: { endpoint, limits }, entrance, gateway, connections }: ConsoleHost): WebsocketRouteOptions {
  return {
    ...{ entrance, gateway, connections, messageSize: limits.messageSize },
    endpoint: { ...endpoint, path: `${path}/ws` },
    subprotocols: subprotocolsOf([jsonCodec], false),
    authenticators: { lookAtRequests: false, entries: () => new Map() }
  }
}

/** Mounts the console page, for users who are logged in with its role. */
export async function consoleRoutes (fastify: FastifyInstance, { path, role, realm }: ConsoleParts): Promise<void> {
  const files = new Map(await Promise.all(assets.map(async (name) => [name, await readFile(new URL(`console/${name}`, import.meta.url), 'utf8')] as const)))
  files.set('client.js', (await clientFiles()).get('client.js')!)

  fastify.addHook('onRequest', async (_request, reply) => { reply.headers(headers) })
  fastify.addHook('onRequest', fastify.wampRequireRole(realm === undefined ? role : { realm, role }))
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { '*': name } = request.params as { '*'?: string }
    // Without the trailing slash, the page's links would lead to the wrong folder.
    if (name === undefined && !request.url.split('?')[0]!.endsWith('/')) return await reply.redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`)
    if (name === undefined || name === '') return await reply.type(types.html!).send(pageFor(request, files.get('index.html')!))
    const file = files.get(name)
    if (file === undefined || name === 'index.html') {
      reply.callNotFound()
      return reply
    }
    return await reply.type(types[name.slice(name.lastIndexOf('.') + 1)]!).send(file)
  }
  fastify.get(path, serve)
  fastify.get(`${path}/*`, serve)
}

/** The page with what it has to know: it runs no script of its own text. */
function pageFor ({ wampLogin }: FastifyRequest, html: string): string {
  return html.replace('{{login}}', () => escape(wampLogin ?? ''))
}

function escape (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

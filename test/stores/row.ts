/**
 * Tries one adapter: `node row.ts <index in adapters>`. Each line of its output is a column and what was seen. A process of its
 * own, since some adapters end the process that they are in: that is noted, and the process goes on.
 */
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin from 'fastify-wamp'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GuardedStore } from '../../plugin/cookie/guarded-store.ts'
import { KeyvStore } from '../../plugin/cookie/keyv-store.ts'
import { Sweep } from '../../plugin/cookie/sweep.ts'
import { cookieStoreContract } from '../../plugin/testing.ts'
import { record } from '../cookie/store-contract.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { adapters, openKeyv } from './adapters.ts'
import { install } from './packages.ts'
import { ServerProcess } from './server-process.ts'
import { servers } from './servers.ts'

const [json] = wireCodecs
const roles = { caller: {} }
const realms = { realm1: { roles: { user: everything } } }
const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' }, ann: { ticket: 'secret', role: 'user' } } }, cookie: {} } as const
/** Seconds: longer than memcached takes for a time to live. */
const FORTY_DAYS = 3_456_000

const adapter = adapters[Number(process.argv[2])]!
const load = await install(adapter.packages)
/** Errors that nobody caught: without a listener each would have ended the process. */
const uncaught: string[] = []
for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, (error: Error) => { uncaught.push(error.message) })

await column('contract', async (server) => {
  const failed: string[] = []
  const open = async (): Promise<KeyvStore> => {
    const keyv = await openKeyv(adapter, server.place, load)
    // Some turn away who asks before they are connected; Keyv 6 clears no namespace that it cannot list.
    while (!await keyv.clear().then(() => true, (error: unknown) => messageOf(error).startsWith('Can\'t clear'))) await new Promise((resolve) => { setImmediate(resolve) })
    return new KeyvStore(keyv)
  }
  for (const { name, check } of cookieStoreContract(open)) await check().catch((error: unknown) => { failed.push(`${name}: ${String(error).split('\n')[0]}`) })
  return failed.length === 0 ? 'yes' : failed.join('; ')
})

await column('find and revoke', async (server) => {
  const { app, url } = await openApp(server)
  const joe = await come(url, 'joe')
  await come(url, 'ann')
  const found = await app.wampCookies!.find({ authid: 'joe' }).then(({ length }) => length, messageOf)
  const revoked = await app.wampCookies!.revoke({ authid: 'joe' }).catch(messageOf)
  const { provider } = await come(url, 'joe', joe.cookie)
  await app.close()
  return found === 1 && revoked === 1 && provider === 'static' ? 'yes' : `found ${found}, revoked ${revoked}, then comes by ${provider}`
})

await column('40 days', async (server) => {
  const { app, url, logged } = await openApp(server, FORTY_DAYS)
  const { cookie } = await come(url, 'joe')
  const { provider } = await come(url, 'joe', cookie)
  await app.close()
  return provider === 'cookie' ? 'yes' : `comes by ${provider}; ${logged.join('; ')}`
})

await column('sweep', async (server) => {
  const store = new KeyvStore(await openKeyv(adapter, server.place, load))
  await store.set('0'.repeat(64), record({ maxAge: 3600 }))
  if (!store.keepsExpired) return 'by itself'
  for (let n = 1; n <= 40; n++) await store.set(n.toString(16).padStart(64, '0'), record({ maxAge: n % 2 === 0 ? 3600 : 60 }))
  const log = { warn: (details: object, text: string) => { failed.push(`${text}: ${JSON.stringify(details)}`) }, error: () => {} }
  const failed: string[] = []
  const sweep = new Sweep({ store: new GuardedStore(store, store, log), log, now: () => Date.now() + 120_000 })
  await sweep.sweep()
  sweep.close()
  const left = []
  for await (const [key] of store.entries()) left.push(key)
  await store.close()
  return left.length === 21 ? 'swept' : `${left.length} of 21 are left; ${failed.join('; ')}`
})

await column('restart', async (server) => {
  if (server.process === null) return 'no server'
  const { app, url } = await openApp(server)
  const { cookie } = await come(url, 'joe')
  await server.process.kill()
  const away = await come(url, 'joe', cookie)
  await server.process.start()
  const back = await comeBack(url, cookie)
  await app.close()
  return `${back}; away: ${away.provider}, ${away.cookie === cookie ? 'same cookie' : 'other cookie'}`
})

await column('outage', async (server) => {
  if (server.process === null) return 'no server'
  const { app, url } = await openApp(server)
  const { cookie } = await come(url, 'joe')
  await server.process.signal('SIGSTOP')
  const times: string[] = []
  for (let i = 0; i < 3; i++) times.push(await timed(async () => (await come(url, 'joe', cookie)).provider))
  const found = await timed(async () => await app.wampCookies!.find({ authid: 'joe' }).then(({ length }) => length, messageOf))
  await server.process.signal('SIGCONT')
  const back = await comeBack(url, cookie)
  await app.close()
  return `${back}; logins ${times.join(', ')}; find ${found}`
})

await column('absent at start', async (server) => {
  if (server.process === null) return 'no server'
  await server.process.kill()
  const { app, url } = await openApp(server)
  const times: string[] = []
  for (let i = 0; i < 3; i++) times.push(await timed(async () => (await come(url, 'joe', `cbtid=${'a'.repeat(40)}`)).provider))
  await server.process.start()
  let back = 'never works'
  for (let since = performance.now(); back !== 'works' && performance.now() - since < 20_000;) {
    const { cookie } = await come(url, 'joe')
    if ((await come(url, 'joe', cookie)).provider === 'cookie') back = 'works'
  }
  await app.close()
  return `${back}; logins ${times.join(', ')}`
})

await column('two of one URI', async (server) => {
  const [first, second] = [await openApp(server), await openApp(server)]
  await come(first.url, 'joe')
  await come(second.url, 'ann')
  const closed = [await timed(async () => await first.app.close().then(() => 'closed', messageOf))]
  const { cookie } = await come(second.url, 'joe')
  const { provider } = await come(second.url, 'joe', cookie)
  closed.push(await timed(async () => await second.app.close().then(() => 'closed', messageOf)))
  return `second then comes by ${provider}; ${closed.join(', ')}; ${second.logged.join('; ')}`
})

process.exit()

/** Tries something with a server of its own, and prints what was seen. */
async function column (name: string, look: (server: { place: ServerProcess['place'], process: ServerProcess | null }) => Promise<string>): Promise<void> {
  const running = adapter.server === null ? null : await ServerProcess.start(servers[adapter.server])
  const folder = running === null ? await mkdtemp(join(tmpdir(), 'fastify-wamp-')) : running.place.folder
  const late = new Promise<string>((resolve) => { setTimeout(() => { resolve('never ends') }, 60_000) })
  const seen = await Promise.race([late, look({ place: running?.place ?? { folder, socket: '', port: 0 }, process: running }).catch((error: unknown) => String(error))])
  await running?.remove()
  await rm(folder, { recursive: true, force: true })
  const ends = uncaught.length === 0 ? '' : `; WOULD END THE PROCESS: ${[...new Set(uncaught.splice(0))].join('; ')}`
  console.log(`${name}\t${seen}${ends}`)
}

async function openApp ({ place }: { place: ServerProcess['place'] }, maxAge = 604_800): Promise<{ app: FastifyInstance, url: string, logged: string[] }> {
  const logged: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { logged.push((JSON.parse(line) as { msg: string }).msg) } } } })
  await app.register(wampPlugin, { realms, auth, cookie: { store: await openKeyv(adapter, place, load), maxAge }, shutdownTimeout: 100 })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url: `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, logged }
}

/** Says HELLO with a cookie, logs in by ticket if that is asked for, and returns how WELCOME says that it was. */
async function come (url: string, authid: string, cookie?: string): Promise<{ provider: string, cookie: string | undefined }> {
  const client = new WireClient(url, json!, { headers: { 'user-agent': 'test', ...(cookie === undefined ? {} : { cookie }) } })
  await new Promise((resolve, reject) => { client.socket.once('open', resolve).once('error', reject) })
  let answer = await client.ask([1, 'realm1', { roles, authmethods: ['cookie', 'ticket'], authid }])
  if (answer[0] === 4) answer = await client.ask([5, 'secret', {}])
  client.socket.terminate()
  return { provider: (answer[2] as { authprovider?: string }).authprovider ?? JSON.stringify(answer), cookie: client.setCookie?.split(';')[0] ?? cookie }
}

/** Comes until the cookie is known again, or replaced. */
async function comeBack (url: string, cookie: string | undefined): Promise<string> {
  for (let since = performance.now(); performance.now() - since < 20_000;) {
    const { provider, cookie: now } = await come(url, 'joe', cookie)
    if (provider === 'cookie') return 'comes back'
    if (now !== cookie) return 'is forgotten'
  }
  return 'never comes back'
}

async function timed (what: () => Promise<unknown>): Promise<string> {
  const since = performance.now()
  const outcome = await what()
  return `${String(outcome)} after ${((performance.now() - since) / 1000).toFixed(1)} s`
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

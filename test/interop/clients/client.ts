import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import type { Test } from 'tap'
import { CallResult } from 'fastify-wamp'
import { ticket } from 'fastify-wamp/client'
import { openClient } from '../../client/scripted-router.ts'
import { buildApp } from '../../helper/build-app.ts'
import { WireClient, wireCodecs } from '../../helper/wire-client.ts'
import { clientSerializers } from '../client-peer.ts'
import { logins } from '../logins.ts'
import { Inbox } from '../peer.ts'
import type { Serializer } from '../peer.ts'
import { make, needsBuild } from './builds.ts'
import type { Build } from './builds.ts'

/**
 * How a client comes in: anonymously, as joe by a ticket or WAMP-CRA, by a cookie that it is given, or by ticket and then
 * once more by the cookie that it was handed and has kept.
 */
export type Method = 'anonymous' | 'ticket' | 'wampcra' | 'cookie' | 'return'

/**
 * A program that is a WAMP client. It is started with the URL, a serializer, a method and, for some, the cookie to send. It
 * joins `realm1`, registers `com.client.echo`, which answers with what it is called with, subscribes to `com.client.news`, whose
 * events it publishes to `com.client.heard`, calls `com.app.greet` with `Grüße`, and publishes the result to
 * `com.client.result`. Then it stays until it is ended.
 */
export interface Client extends Build {
  readonly name: string
  readonly version: string
  readonly serializers: readonly Serializer[]
  readonly methods: readonly Method[]
  /** True if it can send headers with the upgrade. */
  readonly headers: boolean
  /** What it can put one value into only: the list of args and kwargs then. */
  readonly oneValueIn?: readonly ('result' | 'event')[]
}

/** Values that all serializers have. */
const sample = ['Grüße, 世界 🌍', 0, -1, 2 ** 32 + 5, -(2 ** 40), 0.5, true, null, '', [1, [2, { größe: 'XL' }]]]
const kwargs = { nested: { list: [1, {}], none: [] } }

/** The app that a client is tried on, and what came of it. */
interface Trial { readonly upgrades: IncomingMessage[] }

/** Tries everything that such a program does, with a session of the app and with fastify-wamp/client. */
async function tryOut (t: Test, client: Client, serializer: Serializer, method: Method, cookie?: (url: string) => Promise<string>): Promise<Trial> {
  const { app, url } = await buildApp(t, method === 'anonymous' ? {} : logins)
  const upgrades: IncomingMessage[] = []
  const login = method === 'anonymous' ? {} : { login: ticket({ authid: 'joe', ticket: 'let me in' }) }
  const partner = await openClient(t, url, { serializers: [clientSerializers[serializer]()], cookie: false, ...login })
  const backend = app.wamp.join('realm1')
  const [results, heard] = [new Inbox<unknown>(), new Inbox<unknown>()]
  const callee = method === client.methods[0] ? partner : backend
  await callee.register('com.app.greet', ({ args: [greeting] }) => `${String(greeting)}, 世界`)
  for (const session of [backend, partner]) {
    await session.subscribe('com.client.result', ({ args }) => { results.put(args) })
    await session.subscribe('com.client.heard', ({ args, kwargs }) => { heard.put({ args, kwargs }) })
  }
  const value = await cookie?.(url)
  app.server.on('upgrade', (request: IncomingMessage) => { upgrades.push(request) })

  const [program = '', ...args] = [...client.start, url, serializer, method, ...(value === undefined ? [] : [value])]
  const child = spawn(program, args, { cwd: make(client), stdio: ['ignore', 'ignore', 'pipe'] })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => { complaints += String(chunk) })
  const ended = once(child, 'close').then(() => { throw new Error(`the client ended: ${complaints}`) })
  ended.catch(() => {})
  t.teardown(() => child.kill('SIGKILL'))

  for (let i = 0; i < 2; i++) t.strictSame(await Promise.race([results.next(), ended]), ['Grüße, 世界'], 'it calls, and publishes')
  const { authid, authprovider } = app.wamp.sessions('realm1').find(({ authrole, session }) => authrole !== 'trusted' && session !== partner.id)!
  if (method !== 'anonymous') t.same([authid, authprovider], ['joe', method === 'cookie' || method === 'return' ? 'cookie' : 'static'], 'it has logged in')
  for (const { headers } of upgrades) t.equal(headers['sec-websocket-protocol'], `wamp.2.${serializer}`)

  for (const session of [backend, partner]) {
    const answer = await Promise.race([session.call('com.client.echo', sample, kwargs), ended])
    t.strictSame(answer, client.oneValueIn?.includes('result') === true ? [sample, kwargs] : new CallResult(sample, kwargs), 'it answers a call')
    await session.publish('com.client.news', sample, kwargs)
    for (let i = 0; i < 2; i++) t.strictSame(await Promise.race([heard.next(), ended]), client.oneValueIn?.includes('event') === true ? { args: [[sample, kwargs]], kwargs: {} } : { args: sample, kwargs }, 'it receives an event')
  }
  return { upgrades }
}

/** Logs joe in, and resolves to his cookie. */
async function logIn (t: Test, url: string): Promise<string> {
  const client = await WireClient.connect(t, url, wireCodecs[0]!)
  await client.ask([1, 'realm1', { roles: { caller: {} }, authid: 'joe', authmethods: ['ticket'] }])
  await client.ask([5, 'let me in', {}])
  client.socket.terminate()
  await client.closed
  return client.setCookie!.split(';')[0]!
}

/** The tests of a client. */
export function testClient (client: Client): void {
  t.test(`${client.name} ${client.version}`, needsBuild(client), async (t) => {
    const [first] = client.serializers
    for (const serializer of client.serializers) {
      t.test(`calls, answers, is told and publishes over ${serializer}`, async (t) => {
        await tryOut(t, client, serializer, client.methods[0]!)
      })
    }
    for (const method of client.methods.slice(1)) {
      t.test(`comes in by ${method}`, async (t) => {
        const { upgrades } = await tryOut(t, client, first!, method, method === 'cookie' ? async (url) => await logIn(t, url) : undefined)
        if (method === 'return') t.match(upgrades.map(({ headers }) => headers.cookie), [undefined, /^cbtid=/], 'it sends the cookie that it was handed')
      })
    }
    if (!client.headers || client.methods.includes('cookie')) return
    t.test('sends a cookie', async (t) => {
      const { upgrades } = await tryOut(t, client, first!, client.methods[0]!, async () => 'cbtid=value')
      t.same(upgrades.map(({ headers }) => headers.cookie), ['cbtid=value'])
    })
  })
}

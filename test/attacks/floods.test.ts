import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Test } from 'tap'
import { Browser, buildTracker } from '../cookie/build-tracker.ts'
import { FailedLogins } from '../../plugin/auth/failed-logins.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { buildRouter, everything } from '../helper/build-router.ts'
import { buildTarget } from './target.ts'

/** Bytes of live objects. */
function heap (): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

t.test('visitors without a cookie leave no data behind, however many connect', async (t) => {
  const store = new MemoryStore()
  const { tracker } = buildTracker({ store })
  const come = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) (await new Browser(tracker).open()).leave()
  }
  // Until what Node.js itself keeps has grown.
  await come(20_000)
  const before = heap()
  await come(30_000)
  t.ok(heap() - before < 3_000_000, `${heap() - before} bytes more after 30 000 visitors`)
  t.same([...store.entries()], [])
})

t.test('visitors who send the cookie that they received each time leave no data behind', async (t) => {
  const { tracker } = buildTracker()
  const browser = new Browser(tracker)
  const come = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) (await browser.open()).leave()
  }
  await come(20_000)
  const before = heap()
  await come(30_000)
  t.ok(heap() - before < 3_000_000, `${heap() - before} bytes more after 30 000 visits`)
})

/** Sends an upgrade request as it is written, and resolves to the status line. */
async function raw (t: Test, http: string, lines: string[]): Promise<string> {
  const { hostname, port } = new URL(http)
  const socket = connect(Number(port), hostname)
  t.teardown(() => { socket.destroy() })
  const answer = new Promise<string>((resolve, reject) => {
    socket.once('data', (data) => { resolve(data.toString('latin1').split('\r\n')[0]!) })
    socket.once('error', reject)
  })
  socket.write(Buffer.from([
    'GET /ws HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Protocol: wamp.2.json', ...lines, '', ''
  ].join('\r\n'), 'latin1'))
  return await answer
}

t.test('broken and huge Cookie headers cause no harm', async (t) => {
  const { http, browser, login, enter } = await buildTarget(t)
  const joe = browser()
  await login(joe)
  const headers = [
    'Cookie:', 'Cookie: ;;;;', 'Cookie: =;=;=', 'Cookie: cbtid', 'Cookie: cbtid=', 'Cookie: cbtid="', 'Cookie: cbtid=%', 'Cookie: cbtid=%00%ff', 'Cookie: cbtid=\xff\xfe\x80',
    'Cookie: __proto__=1; constructor=2; cbtid=__proto__', `Cookie: cbtid=${'a'.repeat(8000)}`, `Cookie: ${'a=b; '.repeat(2000)}`, `Cookie: ${'cbtid=aaaaaaaaaaaa; '.repeat(400)}`,
    `Cookie: cbtid=${'"'.repeat(4000)}`, 'Cookie: a\r\nCookie: cbtid=b\r\nCookie: c'
  ]
  for (const header of headers) t.match(await raw(t, http, [header]), /^HTTP\/1\.1 101 /, header.slice(0, 60))
  t.match(await raw(t, http, [`Cookie: cbtid=${'a'.repeat(100_000)}`]), /^HTTP\/1\.1 431 /, 'more than Node.js takes')
  t.equal(await enter(joe.cookie), 'joe')
})

t.test('the Cookie header of one request causes at most a few store lookups', async (t) => {
  const store = new MemoryStore()
  let asked = 0
  const { get } = store
  store.get = function (key) { asked++; return get.call(this, key) }
  const { enter } = await buildTarget(t, { cookie: { store } })
  await enter(Array.from({ length: 200 }, (_, n) => `cbtid=${String(n).padStart(40, 'a')}`).join('; '))
  t.ok(asked > 0 && asked <= 4, `${asked} times`)
})

t.test('refusal texts that contain client input are not kept, however many there are', async (t) => {
  const contract = { procedures: { 'a.b': { kwargs: { type: 'object', additionalProperties: { type: 'number' } } } } } as const
  const client = await buildRouter({ realms: { realm1: { roles: { anonymous: everything }, contract } } }).join()
  client.say([64, 1, {}, 'a.b'])
  const errors = new Set<unknown>()
  const refuse = (from: number, count: number): void => {
    for (let i = from; i < from + count; i++) errors.add(client.ask([48, i, {}, 'a.b', [], { [`${i}${'k'.repeat(500)}`]: 'x' }])?.[4])
  }
  refuse(1, 1000)
  const before = heap()
  refuse(1001, 10_000)
  t.same(errors, new Set(['wamp.error.invalid_argument']))
  t.ok(heap() - before < 3_000_000, `${heap() - before} bytes more after 10 000 refusals`)
})

t.test('only the beginning of a long name that failed to log in is kept', async (t) => {
  const failed = new FailedLogins({ address: 100, authid: 50, cookie: 20, recovery: 600 })
  const before = heap()
  // As they come: each a text of its own.
  for (let i = 0; i < 500; i++) failed.count({ transport: { type: 'websocket' }, authid: Buffer.alloc(100_000, `${i} `).toString('latin1'), pseudonym: null })
  t.ok(heap() - before < 3_000_000, `${heap() - before} bytes more after 500 names of 100 KB`)
  t.ok(await failed.begin({ transport: { type: 'websocket' }, authid: 'joe', pseudonym: null }), 'another one is not held back')
})

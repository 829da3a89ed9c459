#!/usr/bin/env node
// A WAMP load generator that costs far less than the router it loads.
//
// It speaks RFC 6455 on raw TCP sockets with pre-built frames and reads only frame headers and
// the few digits that it needs, so one core of load can saturate one core of router. It works
// against any WAMP router that offers JSON over WebSocket and lets an anonymous client join.
//
//   node load.mjs SCENARIO [--url ws://127.0.0.1:8080/ws, rs://127.0.0.1:8081 for RawSocket, or lp://127.0.0.1:8080/lp for long-poll with batched JSON]
//                 [--realm realm1] [--seconds 5]
//                 [--codec json|msgpack|cbor] [--half CODEC: every other subscriber's] [--window 128] [--payload 32] [--subs 100] [--conns 2000] [--pid PID] [--cmd 'COMMAND'] [--json]
//
// SCENARIO
//   rpc      one caller, one callee, WINDOW calls in flight      unit: a call and its result
//   pubsub   one publisher, one subscriber, no acknowledge       unit: an event delivered
//   fanout   one publisher, SUBS subscribers of one topic        unit: an event delivered
//   connect  open, HELLO, WELCOME, GOODBYE, close, 16 at a time  unit: a session
//   login    as connect, but with --method ticket, wampcra, wamp-scram, cryptosign or cookie, as server.mjs login has them
//   idle     CONNS joined sessions that then do nothing          unit: bytes of resident memory a session
//   stall    one publisher, SUBS subscribers, and then one more that stops reading: 200 MB are published
//   calm     CONNS sessions, 1000 a second, with ten subscriptions each, which all end at once; needs server.mjs watch
//   inside   the app itself calls a callee here and publishes to a subscriber here; needs server.mjs watch
//   latency  as rpc, but one call at a time                      unit: a call; p50 and p99 in microseconds
//
// --pid names the router's process: its CPU time (all threads and children) is then given per unit.
// --cmd starts the router, waits until its port answers, and stops it at the end (and implies --pid).
import { once } from 'node:events'
import net from 'node:net'
import { readFileSync, readdirSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { LongPollSocket } from './longpoll-socket.mjs'
import { formats } from './wire.mjs'
import { createHash, createHmac, createPrivateKey, pbkdf2Sync, randomBytes, sign } from 'node:crypto'

const argv = process.argv.slice(2)
const scenario = argv.shift()
const opt = { url: 'ws://127.0.0.1:8080/ws', realm: 'realm1', seconds: 5, window: 128, payload: 32, subs: 100, conns: 2000 }
for (let i = 0; i < argv.length; i++) {
  const name = argv[i].replace(/^--/, '')
  if (name === 'json') opt.json = true
  else { const v = argv[++i]; opt[name] = ['url', 'realm', 'cmd', 'cookie', 'method', 'codec', 'half'].includes(name) ? v : Number(v) }
}
const url = new URL(opt.url)
const overRawSocket = url.protocol === 'rs:'
const overLongPoll = url.protocol === 'lp:'
/** The addresses that connections come from in turn: a closed one holds its port for a minute, and an address has 28,000. Linux owns all of 127.0.0.0/8. */
const ADDRESSES = url.hostname === '127.0.0.1' ? 250 : 0
let connections = 0
/** Sessions after which a router's code is compiled: compiling costs more than serving them. */
const WARM_SESSIONS = 5000
/** Ends each message of a batch. */
const SEPARATOR = Buffer.from([0x1e])
/** The numbers of the serializers in the handshake of RawSocket. */
const numbers = { json: 1, msgpack: 2, cbor: 3 }
const PAYLOAD = 'x'.repeat(opt.payload)
const format = formats[opt.codec ?? 'json']
// The parts of messages that are always the same.
const [none, echo, topic] = [{}, 'bench.echo', 'bench.topic'].map(format.constant)
const payload = format.constant([PAYLOAD])

function frame (body, opcode = format.opcode) {
  const n = body.length
  if (overLongPoll) return Buffer.concat([body, SEPARATOR])
  if (overRawSocket) return Buffer.concat([Buffer.from([0, n >> 16, n >> 8 & 255, n & 255]), body])
  const head = n < 126
    ? Buffer.from([opcode, 0x80 | n, 0, 0, 0, 0])
    : n < 65536
      ? Buffer.from([opcode, 0xfe, n >> 8, n & 255, 0, 0, 0, 0])
      : Buffer.concat([Buffer.from([opcode, 0xff, 0, 0, 0, 0]), (() => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b })(), Buffer.alloc(4)])
  return Buffer.concat([head, body]) // the masking key is zero: the payload stands as it is
}

class Peer {
  constructor (own = format) { this.format = own; this.rest = null; this.onframe = () => {} }

  async open (protocol = this.format.subprotocol) {
    if (!overLongPoll) return await this.openSocket(protocol)
    this.socket = new LongPollSocket(url)
    this.socket.on('data', (batch) => { this.feedBatch(batch) }).on('error', fail)
    await this.socket.open(`${protocol}.batched`)
  }

  openSocket (protocol) {
    return new Promise((resolve, reject) => {
      const from = ADDRESSES === 0 ? {} : { localAddress: `127.0.0.${2 + connections++ % ADDRESSES}` }
      const s = this.socket = net.connect({ host: url.hostname, port: Number(url.port || 80), noDelay: true, ...from })
      s.once('error', reject)
      if (overRawSocket) {
        s.write(Buffer.from([0x7f, 0xf0 | numbers[this.format.subprotocol.slice('wamp.2.'.length)], 0, 0]))
        s.once('data', (reply) => {
          s.on('data', (chunk) => this.feed(chunk)).on('error', () => {})
          resolve('')
          if (reply.length > 4) this.feed(reply.subarray(4))
        })
        return
      }
      s.once('connect', () => {
        const key = randomBytes(16).toString('base64')
        s.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://${url.host}\r\n` +
          (opt.cookie ? `Cookie: ${opt.cookie}\r\n` : '') +
          `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`)
      })
      let head = Buffer.alloc(0)
      const onhead = (chunk) => {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const text = head.subarray(0, end).toString()
        s.off('data', onhead)
        if (!/^HTTP\/1\.1 101/.test(text)) return reject(new Error(text.split('\r\n')[0]))
        s.on('data', (c) => this.feed(c))
        s.on('error', () => {})
        resolve(text)
        if (head.length > end + 4) this.feed(head.subarray(end + 4))
      }
      s.on('data', onhead)
    })
  }

  feedBatch (batch) {
    for (let start = 0, end; start < batch.length; start = end + 1) {
      end = batch.indexOf(SEPARATOR, start)
      this.take(batch, start, end)
    }
  }

  /** Takes a message. What is wrong with it ends the scenario. */
  take (b, start, end) {
    try { this.onframe(b, start, end) } catch (error) { fail(error) }
  }

  feed (chunk) {
    const b = this.rest ? Buffer.concat([this.rest, chunk]) : chunk
    let o = 0
    for (;;) {
      if (overRawSocket) {
        if (b.length - o < 4) break
        const n = b.readUIntBE(o + 1, 3)
        if (b.length - o < 4 + n) break
        if (b[o] === 1) this.socket.write(Buffer.concat([Buffer.from([2, b[o + 1], b[o + 2], b[o + 3]]), b.subarray(o + 4, o + 4 + n)]))
        else if (b[o] === 0) this.take(b, o + 4, o + 4 + n)
        o += 4 + n
        continue
      }
      if (b.length - o < 2) break
      let n = b[o + 1] & 127; let h = 2
      if (n === 126) { if (b.length - o < 4) break; n = b.readUInt16BE(o + 2); h = 4 } else if (n === 127) { if (b.length - o < 10) break; n = Number(b.readBigUInt64BE(o + 2)); h = 10 }
      if (b.length - o < h + n) break
      const op = b[o] & 15
      if (op === 9) this.socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | n, 0, 0, 0, 0]), b.subarray(o + h, o + h + n)]))
      else if (op === 8) { this.closed = true; this.socket.end() } else if (op !== 10) this.take(b, o + h, o + h + n)
      o += h + n
    }
    this.rest = o < b.length ? Buffer.from(b.subarray(o)) : null
  }

  send (body) { this.socket.write(frame(body, this.format.opcode)) }

  next () { return new Promise((resolve) => { this.onframe = (b, s, e) => resolve(this.format.decode(b.subarray(s, e))) }) }

  async ask (message) { const answer = this.next(); this.send(this.format.encode(message)); return answer }

  async join () {
    this.header = await this.open()
    const method = opt.method ?? 'anonymous'
    let w = await this.ask([1, opt.realm, { authmethods: [method], ...proofs[method]?.hello, roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} } }])
    if (w[0] === 4) w = await this.ask([5, ...proofs[method].answer(w[2])])
    if (w[0] !== 2) throw new Error('not welcome: ' + JSON.stringify(w))
    this.session = w[1]
    return this
  }
}

const seed = Buffer.alloc(32, 1)
const privateKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
const nonce = Buffer.alloc(16, 2).toString('base64')
let clientKey
/** How each method is answered: HELLO's details, and what AUTHENTICATE carries. */
const proofs = {
  ticket: { hello: { authid: 'joe' }, answer: () => ['secret', {}] },
  wampcra: { hello: { authid: 'joe' }, answer: ({ challenge }) => [hmac('secret', challenge).toString('base64'), {}] },
  'wamp-scram': {
    hello: { authid: 'joe', authextra: { nonce, channel_binding: null } },
    answer: ({ salt, iterations, nonce: both }) => {
      clientKey ??= hmac(pbkdf2Sync('secret', Buffer.from(salt, 'base64'), iterations, 32, 'sha256'), 'Client Key')
      const stored = createHash('sha256').update(clientKey).digest()
      const signature = hmac(stored, `n=joe,r=${nonce},r=${both},s=${salt},i=${iterations},c=biws,r=${both}`)
      return [Buffer.from(clientKey.map((octet, i) => octet ^ signature[i])).toString('base64'), { nonce: both, channel_binding: null, cbind_data: null }]
    }
  },
  cryptosign: {
    hello: { authid: 'joe', authextra: { pubkey: '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c' } },
    answer: ({ challenge }) => [sign(null, Buffer.from(challenge, 'hex'), privateKey).toString('hex') + challenge, {}]
  }
}

function cpuTicks (pid) { // user + system ticks of the process, its threads and its living descendants
  let total = 0
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  total += Number(stat[11]) + Number(stat[12])
  for (const t of readdirSync(`/proc/${pid}/task`)) {
    let kids = ''
    try { kids = readFileSync(`/proc/${pid}/task/${t}/children`, 'utf8') } catch {}
    for (const k of kids.split(' ').filter(Boolean)) { try { total += cpuTicks(Number(k)) } catch {} }
  }
  return total
}
function rss (pid) {
  let total = 0
  try { total = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024 } catch { return 0 }
  for (const t of readdirSync(`/proc/${pid}/task`)) {
    let kids = ''
    try { kids = readFileSync(`/proc/${pid}/task/${t}/children`, 'utf8') } catch {}
    for (const k of kids.split(' ').filter(Boolean)) total += rss(Number(k))
  }
  return total
}

/** Ends a scenario that waits. */
let fail
const failed = new Promise((resolve, reject) => { fail = reject })
failed.catch(() => {})
/** Keeps this process awake. The kernel charges the router for waking a client that sleeps, so a slower router would also pay more for each write. */
function stayAwake (signal) { if (!signal.aborted) setImmediate(stayAwake, signal) }
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs `start`, warms up for a second, then counts for --seconds: `units()` is the running count. */
async function measure (units) {
  await Promise.race([sleep(1000), failed])
  const u0 = units(); const c0 = opt.pid ? cpuTicks(opt.pid) : 0; const t0 = process.hrtime.bigint(); const me0 = process.cpuUsage()
  await Promise.race([sleep(opt.seconds * 1000), failed])
  const u = units() - u0; const t = Number(process.hrtime.bigint() - t0) / 1e9; const me = process.cpuUsage(me0)
  if (u === 0) throw new Error('nothing was completed')
  const out = { scenario, units: u, seconds: +t.toFixed(3), per_second: Math.round(u / t), load_cpu_share: +((me.user + me.system) / 1e6 / t).toFixed(2) }
  if (opt.pid) {
    const cpu = (cpuTicks(opt.pid) - c0) / 100
    out.router_cpu_share = +(cpu / t).toFixed(2)
    out.router_us_per_unit = +(cpu * 1e6 / u).toFixed(3)
    out.router_rss_mib = +(rss(opt.pid) / 2 ** 20).toFixed(1)
  }
  return out
}

const scenarios = {
  async rpc () {
    const callee = await new Peer().join(); const caller = await new Peer().join()
    const reg = await callee.ask([64, 1, {}, 'bench.echo'])
    if (reg[0] !== 65) throw new Error('not registered: ' + JSON.stringify(reg))
    let done = 0; let request = 0; let out = []
    const call = () => { request++; out.push(frame(format.message([48, request, none, echo, payload]))) }
    const flush = () => { if (out.length) { caller.socket.write(out.length === 1 ? out[0] : Buffer.concat(out)); out = [] } }
    let yields = []
    const flushYields = () => { callee.socket.write(yields.length === 1 ? yields[0] : Buffer.concat(yields)); yields = [] }
    callee.onframe = (b, s) => { if (!yields.length) queueMicrotask(flushYields); yields.push(frame(format.message([70, format.second(b, s), none, payload]))) }
    caller.onframe = (b, s, e) => {
      if (format.code(b, s) !== 50) throw new Error('not a result: ' + b.toString('utf8', s, e))
      done++; if (!out.length) queueMicrotask(flush); call()
    }
    for (let i = 0; i < opt.window; i++) call()
    flush()
    return measure(() => done)
  },

  async latency () {
    const callee = await new Peer().join(); const caller = await new Peer().join()
    await callee.ask([64, 1, {}, 'bench.echo'])
    const times = []; let request = 0; let t0
    callee.onframe = (b, s) => callee.send(format.message([70, format.second(b, s), none, payload]))
    const call = () => { t0 = process.hrtime.bigint(); caller.send(format.message([48, ++request, none, echo, payload])) }
    caller.onframe = () => { times.push(Number(process.hrtime.bigint() - t0) / 1e3); call() }
    call()
    const out = await measure(() => times.length)
    const sorted = times.slice(-out.units).sort((a, b) => a - b)
    out.p50_us = Math.round(sorted[sorted.length >> 1]); out.p99_us = Math.round(sorted[Math.floor(sorted.length * 0.99)])
    return out
  },

  async pubsub () { opt.subs = 1; return scenarios.fanout() },

  async fanout ({ keep = false } = {}) {
    const publisher = await new Peer().join()
    let delivered = 0; let sent = 0; const window = Math.max(1, Math.min(opt.window, Math.floor(20000 / opt.subs)))
    for (let i = 0; i < opt.subs; i++) {
      const p = await new Peer(opt.half !== undefined && i % 2 === 1 ? formats[opt.half] : format).join()
      const sub = await p.ask([32, 1, {}, 'bench.topic'])
      if (sub[0] !== 33) throw new Error('not subscribed: ' + JSON.stringify(sub))
      p.onframe = () => { delivered++; if (delivered >= (sent - window / 2) * opt.subs) publish() }
    }
    const publish = () => {
      const room = window - (sent - Math.floor(delivered / opt.subs))
      if (room <= 0) return
      const parts = []
      for (let i = 0; i < room; i++) parts.push(frame(format.message([16, ++sent, none, topic, payload])))
      publisher.socket.write(Buffer.concat(parts))
    }
    publish()
    const found = await measure(() => delivered)
    return keep ? { ...found, units: () => delivered } : found
  },

  async stall () {
    opt.payload = 4000
    const before = await scenarios.fanout({ keep: true })
    const stalled = await new Peer().join()
    await stalled.ask([32, 1, {}, 'bench.topic'])
    stalled.socket.pause()
    const start = rss(opt.pid)
    let most = start
    const watch = setInterval(() => { most = Math.max(most, rss(opt.pid)) }, 50)
    const seconds = opt.seconds
    // As long as 200 MB take, at the rate of before.
    opt.seconds = Math.ceil(200e6 / 4000 / (before.per_second / opt.subs))
    const after = await measure(() => before.units())
    clearInterval(watch)
    return {
      scenario,
      published_mb: Math.round(after.units / opt.subs * 4000 / 1e6),
      seconds: opt.seconds,
      rate_before: before.per_second,
      rate_with_stalled: after.per_second,
      rate_kept: +(after.per_second / before.per_second).toFixed(2),
      rss_before_mib: +(start / 2 ** 20).toFixed(1),
      rss_grown_mib: +((most - start) / 2 ** 20).toFixed(1),
      measured: seconds
    }
  },

  async calm () {
    const watcher = await new Peer().join()
    const delay = async () => (await watcher.ask([48, 1, {}, 'bench.delay']))[3][0]
    const peers = []
    await delay()
    for (let i = 0; i < opt.conns; i += 50) {
      const next = sleep(50)
      peers.push(...await Promise.all(Array.from({ length: 50 }, async (_, n) => {
        const peer = await new Peer().join()
        for (let t = 0; t < 10; t++) await peer.ask([32, t + 1, {}, `bench.topic${(i + n) * 10 + t}`])
        return peer
      })))
      await next
    }
    const joining = await delay()
    await sleep(3000)
    const idle = await delay()
    for (const { socket } of peers) socket.destroy()
    await sleep(5000)
    return { scenario, sessions: peers.length, subscriptions: peers.length * 10, joining_ms: joining, idle_ms: idle, closing_ms: await delay() }
  },

  async inside () {
    const callee = await new Peer().join(); const caller = await new Peer().join(); const subscriber = await new Peer().join()
    await callee.ask([64, 1, {}, 'bench.echo'])
    callee.onframe = (b, s) => { callee.send(format.message([70, format.second(b, s), none, payload])) }
    await subscriber.ask([32, 1, {}, 'bench.topic'])
    subscriber.onframe = () => {}
    await caller.ask([48, 1, {}, 'bench.inside', [20_000]])
    return { scenario, ...(await caller.ask([48, 2, {}, 'bench.inside', [100_000]]))[3][0] }
  },

  async connect () {
    let done = 0; let warmed
    const warm = new Promise((resolve) => { warmed = resolve })
    const stop = new AbortController()
    const worker = async () => {
      while (!stop.signal.aborted) {
        const p = await new Peer().join()
        const bye = await p.ask([6, {}, 'wamp.close.close_realm'])
        if (bye[0] !== 6) throw new Error('no goodbye: ' + JSON.stringify(bye))
        await new Promise((resolve) => { p.socket.once('close', resolve); p.socket.destroy() })
        if (++done === WARM_SESSIONS) warmed()
      }
    }
    for (let i = 0; i < 16; i++) worker().catch(fail)
    await Promise.race([warm, failed])
    stayAwake(stop.signal)
    const out = await measure(() => done)
    stop.abort()
    return out
  },

  async login () {
    if (opt.method === 'cookie') {
      opt.method = 'ticket'
      const first = await new Peer().join()
      opt.cookie = /set-cookie: ([^;]+)/i.exec(first.header)[1]
      opt.method = 'cookie'
    }
    return await scenarios.connect()
  },

  async idle () {
    await sleep(1000)
    const before = rss(opt.pid); const peers = []; const t0 = Date.now()
    while (peers.length < opt.conns) peers.push(...await Promise.all(Array.from({ length: 50 }, () => new Peer().join())))
    const joined = (Date.now() - t0) / 1000
    await sleep(3000)
    const after = rss(opt.pid)
    const closed = peers.filter((p) => p.closed || p.socket.destroyed).length
    return { scenario, sessions: peers.length, lost: closed, join_seconds: joined, rss_before_mib: +(before / 2 ** 20).toFixed(1), rss_after_mib: +(after / 2 ** 20).toFixed(1), bytes_per_session: Math.round((after - before) / peers.length) }
  }
}

if (!scenarios[scenario]) { console.error('load.mjs: name a scenario: ' + Object.keys(scenarios).join(', ')); process.exit(2) }
let child
// However this process ends, the router must not stay.
process.on('exit', () => { child?.kill() })
for (const [signal, code] of [['SIGHUP', 129], ['SIGINT', 130], ['SIGTERM', 143]]) process.on(signal, () => { process.exit(code) })
try {
  if (opt.cmd) {
    child = spawn('sh', ['-c', 'exec ' + opt.cmd], { stdio: ['ignore', 'ignore', process.env.LOAD_DEBUG ? 'inherit' : 'ignore'] })
    opt.pid = child.pid
    for (let i = 0; ; i++) {
      const up = await new Promise((resolve) => { const s = net.connect(Number(url.port || 80), url.hostname); s.once('connect', () => { s.destroy(); resolve(true) }); s.once('error', () => resolve(false)) })
      if (up) break
      if (i > 300) throw new Error('the router did not answer on ' + url.host)
      await sleep(100)
    }
  }
  const out = await scenarios[scenario]()
  console.log(opt.json ? JSON.stringify(out) : Object.entries(out).map(([k, v]) => `${k} ${v}`).join('  '))
} catch (e) { console.error('load.mjs: ' + e.message); process.exitCode = 1 }
if (child?.kill() === true) await Promise.race([once(child, 'exit'), sleep(3000)])
process.exit()

#!/usr/bin/env node
// Mixed traffic for a long time: clients that come, go, crash and misbehave. Every call must be answered exactly once, and
// memory and handles must be in the end what they were after the first minutes.
// Usage: npm run soak -- [--minutes 60] [--clients 60]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, clients: { type: 'string', default: '60' } } })
const PORT = 18_090
const minutes = Number(values.minutes)
const end = Date.now() + minutes * 60_000
const counts = { sessions: 0, calls: 0, answered: 0, twice: 0, unanswered: 0, lostWithConnection: 0, events: 0, crashes: 0, misbehaved: 0, stalled: 0 }
const pick = (list) => list[Math.floor(Math.random() * list.length)]
const roles = { caller: { features: { call_canceling: true, progressive_call_results: true } }, callee: { features: { call_canceling: true, progressive_call_results: true } }, publisher: {}, subscriber: {} }

const garbage = [
  'nonsense', '[', '{}', '[]', '[1]', '[48]', '[48,1]', '[48,-1,{},"bench.x"]', '[99,1]', '[16,1,{},"bench..x"]', '[8,68,1,{},"a.b"]', '[70,12345,{}]', '[5,"x",{}]',
  `[48,1,{},"bench.x",${'['.repeat(200)}${']'.repeat(200)}]`, '[32,1,{"match":"every"},"bench.x"]', Buffer.from([0, 1, 2, 3]), 'x'.repeat(2 ** 20 + 1)
]

/** One client from its connection to its end, however that comes. */
class Client {
  #socket
  #waiting = new Map()
  #request = 0

  async run () {
    this.#socket = new WebSocket(`ws://127.0.0.1:${PORT}/ws`, 'wamp.2.json')
    this.#socket.on('error', () => {})
    const closed = once(this.#socket, 'close')
    const opened = await Promise.race([once(this.#socket, 'open').then(() => true, () => false), closed.then(() => false)])
    if (opened) {
      this.#socket.on('message', (data) => { this.#take(JSON.parse(data.toString())) })
      this.#send([1, 'realm1', { roles }])
      for (let left = 5 + Math.floor(Math.random() * 60); left > 0 && this.#socket.readyState === WebSocket.OPEN && Date.now() < end; left--) {
        await this.#act()
        if (Math.random() < 0.2) await sleep(Math.random() * 50)
      }
      await this.#leave()
    }
    await closed
    for (const state of this.#waiting.values()) if (state === 'waiting') counts.lostWithConnection++
  }

  #send (message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message))
  }

  #take (message) {
    const [type, a, b] = message
    if (type === 2) counts.sessions++
    if (type === 36) counts.events++
    // INVOCATION: answered, answered by steps, by an error, or never.
    if (type === 68) {
      const answer = Math.random()
      if (answer < 0.7) this.#send([70, a, {}, ['done']])
      else if (answer < 0.8) for (const last of [false, false, true]) this.#send([70, a, last ? {} : { progress: true }, ['step']])
      else if (answer < 0.9) this.#send([8, 68, a, {}, 'bench.failed'])
    }
    if (type === 69) this.#send([8, 68, a, {}, 'wamp.error.canceled'])
    if (type === 50 && b.progress !== true) this.#answered(a)
    if (type === 8 && a === 48) this.#answered(b)
    if (type === 6) this.#socket.close()
  }

  #answered (request) {
    if (this.#waiting.get(request) === 'waiting') counts.answered++
    else counts.twice++
    this.#waiting.set(request, 'answered')
  }

  async #act () {
    const request = ++this.#request
    const name = `bench.${pick(['a', 'b', 'c', 'd', 'e'])}`
    switch (pick(['call', 'call', 'call', 'cancel', 'publish', 'publish', 'subscribe', 'register', 'wait'])) {
      case 'call':
      case 'cancel':
        counts.calls++
        this.#waiting.set(request, 'waiting')
        this.#send([48, request, { timeout: 2000, ...pick([{}, { receive_progress: true }]) }, name, ['x'.repeat(Math.random() * 500)]])
        if (Math.random() < 0.1) this.#send([49, request, { mode: pick(['skip', 'kill', 'killnowait']) }])
        break
      case 'publish': this.#send([16, request, pick([{}, { acknowledge: true }, { exclude_me: false }, { retain: true }]), name, ['x'.repeat(Math.random() * 2000)]]); break
      case 'subscribe': this.#send([32, request, pick([{}, { match: 'prefix' }, { get_retained: true }]), name]); break
      case 'register': this.#send([64, request, pick([{ invoke: 'roundrobin' }, { invoke: 'random' }]), name]); break
      case 'wait': await sleep(Math.random() * 20)
    }
  }

  async #leave () {
    const how = Math.random()
    if (how < 0.15) {
      counts.misbehaved++
      this.#send(pick(garbage))
      await sleep(100)
      return this.#socket.terminate()
    }
    if (how < 0.4) {
      counts.crashes++
      return this.#socket.terminate()
    }
    if (how < 0.45) {
      counts.stalled++
      this.#send([32, 9999, { match: 'prefix' }, 'bench.'])
      this.#socket.pause()
      await sleep(3000)
      return this.#socket.terminate()
    }
    // Calls are answered within their timeout; then it is the others' turn to leave.
    for (let i = 0; i < 60 && [...this.#waiting.values()].includes('waiting') && this.#socket.readyState === WebSocket.OPEN; i++) await sleep(50)
    for (const [request, state] of this.#waiting) {
      if (state !== 'waiting' || this.#socket.readyState !== WebSocket.OPEN) continue
      counts.unanswered++
      this.#waiting.delete(request)
    }
    this.#send([6, {}, 'wamp.close.normal'])
    await sleep(200)
    this.#socket.terminate()
  }
}

const server = spawn(process.execPath, ['--expose-gc', fileURLToPath(new URL('server.mjs', import.meta.url)), String(PORT), 'watch'], { stdio: ['ignore', 'inherit', 'inherit'] })
const watcher = await connect()
const state = async () => (await ask('bench.state'))[0]
const before = await state()
// The app's own.
const registrations = (await ask('wamp.registration.list'))[0].exact.length

const clients = Promise.all(Array.from({ length: Number(values.clients) }, async () => { while (Date.now() < end) await new Client().run() }))
await sleep(Math.min(5, minutes / 4) * 60_000)
const early = await state()
process.stdout.write(`${JSON.stringify({ after: 'the first minutes', ...early })}\n`)
await clients
await sleep(3000)
const late = await state()
const left = { sessions: (await ask('wamp.session.count'))[0] - 1, subscriptions: (await ask('wamp.subscription.list'))[0], registrations: (await ask('wamp.registration.list'))[0] }
process.stdout.write(`${JSON.stringify({ minutes, ...counts, before, early, late, left }, null, 2)}\n`)
server.kill('SIGTERM')

const faults = [
  counts.unanswered !== 0 && `${counts.unanswered} calls were not answered`,
  counts.twice !== 0 && `${counts.twice} calls were answered twice`,
  left.sessions !== 0 && `${left.sessions} sessions are left`,
  [...left.subscriptions.exact, ...left.subscriptions.prefix].length + left.registrations.exact.length !== registrations && 'subscriptions or registrations are left',
  late.handles > before.handles && `${late.handles - before.handles} handles are left`,
  late.heap > early.heap * 1.1 && `the heap has grown from ${early.heap} to ${late.heap} MiB`
].filter(Boolean)
process.stdout.write(faults.length === 0 ? 'sound\n' : `${faults.join('\n')}\n`)
process.exit(faults.length === 0 ? 0 : 1)

async function connect () {
  for (;;) {
    const socket = new WebSocket(`ws://127.0.0.1:${PORT}/ws`, 'wamp.2.json')
    if (await Promise.race([once(socket, 'open').then(() => true, () => false)])) {
      socket.send(JSON.stringify([1, 'realm1', { roles: { caller: {} } }]))
      await once(socket, 'message')
      return socket
    }
    await sleep(100)
  }
}

async function ask (procedure) {
  watcher.send(JSON.stringify([48, Math.floor(Math.random() * 1e9) + 1, {}, procedure]))
  const [data] = await once(watcher, 'message')
  const message = JSON.parse(data.toString())
  if (message[0] !== 50) throw new Error(`no answer: ${data.toString()}`)
  return message[3]
}

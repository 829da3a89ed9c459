import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { InProcessSession } from 'fastify-wamp'
import { batchedJson, json } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'
import { Channel } from '../../plugin/client/channel.ts'
import { Handshake } from '../../plugin/client/handshake.ts'
import { Link } from '../../plugin/client/link.ts'
import { Standing } from '../../plugin/client/standing.ts'
import { Stream } from '../../plugin/peer/stream.ts'
import { buildApp } from '../helper/build-app.ts'
import { allClosed, failureOf, FEED, Party } from './chaos-party.ts'

/** `CHAOS_SEED=… npx tap test/client/chaos.test.ts` does again what failed; `npm run chaos` does more. */
const { CHAOS_SEED = String(Math.floor(Math.random() * 2 ** 32)), CHAOS_OPERATIONS = '1000' } = process.env

/** Numbers from 0 to below 1, the same for the same seed [mulberry32]. */
function randomBy (seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A publication that must reach those who hear the feed and are not cut off before the next barrier. */
interface Due { readonly from: Party, readonly n: number, readonly to: readonly { party: Party, cuts: number }[], accepted: boolean }

class Chaos {
  readonly #t: Test
  readonly #random: () => number
  readonly #parties: readonly Party[]
  readonly #router: InProcessSession
  readonly #pending = new Set<Promise<void>>()
  readonly #due: Due[] = []
  /** For many calls: it must not gather listeners. */
  readonly #signal: AbortController
  /** How many requests ended in each way. */
  readonly outcomes: Record<string, number> = {}
  #count = 0

  constructor (t: Test, random: () => number, parties: readonly Party[], router: InProcessSession, signal: AbortController) {
    this.#signal = signal
    this.#t = t
    this.#random = random
    this.#parties = parties
    this.#router = router
  }

  async run (operations: number): Promise<void> {
    for (let i = 0; i < operations; i++) {
      this.#operate()
      if (this.#random() < 0.3) await turn()
      if (this.#random() < 0.04) await this.barrier()
    }
    await this.barrier()
  }

  /** All is freed and answered, everybody is back, and what was to arrive has arrived. */
  async barrier (): Promise<void> {
    for (const { line } of this.#parties) line.free()
    const restored = this.#restored()
    // The first time what was published reaches the router, the second time what the router has sent arrives.
    for (let i = 0; i < 2; i++) await Promise.all(this.#parties.map(async (party) => { await party.fence() }))
    for (const { from, n, to, accepted } of this.#due.splice(0)) {
      if (!accepted) continue
      for (const { party, cuts } of to) {
        if (cuts === party.line.cuts) this.#is(party.heard.some((note) => note.from === from.name && note.n === n), `event ${n} of ${from.name} reached ${party.name}`)
      }
    }
    await restored
    await Promise.all(this.#pending)
  }

  /** Nothing is left of what was done. */
  async end (): Promise<void> {
    this.#is(this.#pending.size === 0, 'no promise is pending')
    this.#is(getEventListeners(this.#signal.signal, 'abort').length <= 1, 'no listener is left at a signal')
    for (const { name, heard, errors } of this.#parties) {
      this.#t.same(errors, [], `nothing went to the error handler of ${name}`)
      for (const { name: from } of this.#parties) {
        const numbers = heard.filter((note) => note.from === from).map(({ n }) => n)
        this.#is(numbers.every((n, i) => i === 0 || n > numbers[i - 1]!), `${name} heard each event of ${from} once, in order`)
        if (name === from) this.#is(numbers.length === 0, `${name} did not hear itself`)
      }
    }
    // An Error would hold all that is on the stack.
    this.#signal.abort('over')
    await Promise.all(this.#parties.map(async ({ session }) => { await session.leave() }))
  }

  #operate (): void {
    const party = this.#pick(this.#parties)
    const x = this.#random()
    if (x < 0.4) return this.#call(party)
    if (x < 0.7) return this.#publish(party)
    if (x < 0.8) return this.#keep(party)
    if (x < 0.85) return this.#results(party)
    const way = this.#pick(['up', 'down'] as const)
    if (x < 0.91) return party.line.hold(way)
    if (x < 0.95) return party.line.free()
    if (x < 0.97) return party.line.cut()
    if (x < 0.995) return party.line.halve(way)
    party.line.cutClient()
  }

  #call (caller: Party): void {
    const callee = this.#pick(this.#parties)
    const id = ++this.#count
    const stop = this.#random() < 0.1 ? new AbortController() : this.#signal
    const verdict = this.#watch(caller, callee)
    this.#track(caller.session.call<number>(callee.procedure, [id], {}, { signal: stop.signal }).then((value) => {
      this.#is(value === id, `call ${id} got its own answer`)
      this.#is(callee.executed.get(id) === 1, `call ${id} was carried out once`)
      return 'answered'
    }, (error: unknown) => {
      const times = callee.executed.get(id) ?? 0
      this.#is(times <= 1, `call ${id} was not carried out twice`)
      return stop.signal.aborted ? 'aborted' : verdict(error, `call ${id}`)
    }))
    if (stop !== this.#signal) stop.abort()
  }

  #results (caller: Party): void {
    const callee = this.#pick(this.#parties)
    const id = ++this.#count
    const verdict = this.#watch(caller, callee)
    const steps: number[] = []
    const run = async (): Promise<string> => {
      const results = caller.session.results<number>(callee.procedure, [id])
      for (;;) {
        const { done, value } = await results.next()
        if (done !== true) steps.push(value)
        else if (value === id) return 'answered by progress'
      }
    }
    this.#track(run().then((how) => {
      this.#t.same(steps, [1, 2, 3], `all results of call ${id}`)
      return how
    }, (error: unknown) => verdict(error, `call ${id}`)))
  }

  #publish (from: Party): void {
    const n = ++this.#count
    const due: Due = { from, n, to: this.#parties.filter((party) => party !== from && party.isSolid).map((party) => ({ party, cuts: party.line.cuts })), accepted: false }
    const verdict = this.#watch(from)
    this.#due.push(due)
    this.#track(from.session.publish(FEED, [{ from: from.name, n }]).then(() => {
      due.accepted = true
      return 'published'
    }, (error: unknown) => verdict(error, `event ${n}`)))
  }

  /** Adds a subscription or registration, or gives one up. */
  #keep (party: Party): void {
    const kind = this.#pick(['subscription', 'registration'] as const)
    const uri = `com.chaos.${party.name}.${kind}.${Math.floor(this.#random() * 3)}`
    const verdict = this.#watch(party, party)
    const kept = party.kept.get(uri)
    if (kept !== undefined) {
      party.kept.delete(uri)
      return this.#track(kept.end().then(() => 'given up'))
    }
    if (this.#busy.has(uri)) return
    this.#busy.add(uri)
    const begun = kind === 'subscription'
      ? party.session.subscribe(uri, () => {}).then(({ unsubscribe }) => unsubscribe)
      : party.session.register(uri, () => {}).then(({ unregister }) => unregister)
    this.#track(begun.then((end) => {
      party.kept.set(uri, { kind, uri, end: async () => { await end().finally(() => { this.#busy.delete(uri) }) } })
      return 'kept'
    }, (error: unknown) => {
      this.#busy.delete(uri)
      return verdict(error, uri)
    }))
  }

  readonly #busy = new Set<string>()

  /** Judges the failure of a request: each has one reason that it may have. */
  #watch (party: Party, callee?: Party): (error: unknown, what: string) => string {
    const { cuts } = party.line
    const { isCut } = party
    const wasOpen = party.session.state === 'open'
    const calleeWasSolid = callee?.isSolid ?? true
    const calleeCuts = callee?.line.cuts
    return (error, what) => {
      const failure = failureOf(error)
      if (failure === 'WAMP_ERR_IN_DOUBT') this.#is(isCut || party.line.cuts > cuts, `${what} is in doubt, and was open at a cut: ${String((error as Error).cause)}`)
      else if (failure === 'WAMP_ERR_NOT_CONNECTED') this.#is(!wasOpen || party.line.cuts > cuts, `${what} was not sent, and there was no connection`)
      else this.#is(failure === 'refused' && (!calleeWasSolid || callee?.line.cuts !== calleeCuts), `${what} failed since its callee was cut off, and not by ${String(error)}`)
      return failure
    }
  }

  /** Resolves when the router has all that each party has. It tells when anything changes. */
  async #restored (): Promise<void> {
    let wake = (): void => {}
    let changes = 0
    const heard = (): void => {
      changes++
      wake()
    }
    const subscriptions = await Promise.all(['wamp.registration.', 'wamp.subscription.'].map(async (topic) => await this.#router.subscribe(topic, heard, { match: 'prefix' })))
    for (;;) {
      const before = changes
      const missing = (await Promise.all(this.#parties.map(async (party) => await party.look(this.#router)))).includes(false)
      if (!missing) break
      if (changes === before) await new Promise<void>((resolve) => { wake = resolve })
    }
    for (const { unsubscribe } of subscriptions) await unsubscribe()
  }

  #track (work: Promise<string>): void {
    const done = work.then((outcome) => { this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1 }, (error: unknown) => { this.#t.fail(String(error)) }).finally(() => { this.#pending.delete(done) })
    this.#pending.add(done)
  }

  /** A thousand assertions that hold are not worth a line each. */
  #is (holds: boolean, sentence: string): void {
    if (!holds) this.#t.fail(sentence)
  }

  #pick<T> (list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }
}

/** Plays for so many operations. When it is done, nobody holds what it was played with, unless the signal does. */
async function play (t: Test, app: FastifyInstance, signal: AbortController): Promise<void> {
  const { port } = app.server.address() as AddressInfo
  const parties = await Promise.all([json(), cbor(), msgpack(), batchedJson()].map(async (serializer, i) => await Party.start(t, { name: `party${i}`, port, serializer, queue: i < 2 ? 0 : 20 })))
  const router = app.wamp.join('realm1')
  const stop = new AbortController()
  await Promise.all(parties.map(async (party, i) => { await party.hear(i % 2 === 0 ? 'handler' : 'iterator', stop.signal) }))
  const chaos = new Chaos(t, randomBy(Number(CHAOS_SEED)), parties, router, signal)
  await chaos.barrier()
  await chaos.run(Number(CHAOS_OPERATIONS))
  t.comment(JSON.stringify({ ...chaos.outcomes, cuts: parties.reduce((sum, { line }) => sum + line.cuts, 0) }))
  for (const outcome of ['answered', 'answered by progress', 'published', 'kept', 'given up', 'aborted', 'refused', 'WAMP_ERR_IN_DOUBT', 'WAMP_ERR_NOT_CONNECTED']) t.ok(chaos.outcomes[outcome]! > 0, `some were ${outcome}`)
  await chaos.end()
  await router.leave()
  t.same(app.wamp.sessions('realm1'), [], 'no session is left')
  await Promise.all(parties.map(async ({ line }) => { await line.end() }))
  await allClosed()
}

t.test(`clients on bad lines lose nothing that they need not, and nothing is left of it: seed ${CHAOS_SEED}`, async (t) => {
  const { app } = await buildApp(t)
  const signal = new AbortController()
  await play(t, app, signal)
  await turn()
  for (const part of [Channel, Handshake, Link, Standing, Stream]) t.equal(queryObjects(part, { format: 'count' }), 0, `no ${part.name} is left`)
  t.ok(signal.signal.aborted)
})

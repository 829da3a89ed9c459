import t from 'tap'
import type { Test } from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'
import { TestCluster } from './build-cluster.ts'

/** How many random schedules are run, and the seed of the first one, to repeat it. */
const schedules = Number(process.env.SCHEDULES ?? 60)
const first = Number(process.env.SEED ?? 1)
const steps = 250

/** The procedures, each with its policy. */
const policies: Readonly<Record<string, string>> = { 'com.single': 'single', 'com.turns': 'roundrobin', 'com.last': 'last', 'com.first': 'first', 'com.random': 'random' }
const procedures = Object.keys(policies)

/** The errors with which a call may end, besides those of callees. */
const permitted = new Set(['wamp.error.no_such_procedure', 'wamp.error.canceled', 'wamp.error.no_available_callee'])

interface Made { readonly procedure: string, state: 'open' | 'ended', invoked: number, mustBeFound: boolean, isOrdered: boolean }

/** A client that checks what it is sent, as far as it can alone. */
class Peer {
  readonly #t: Test
  readonly #world: World
  readonly client: TestClient & { id: number }
  #request = 0
  readonly #asked = new Map<number, { readonly kind: 'register' | 'unregister', readonly procedure: string }>()
  /** The registration of each procedure, from REGISTERED until UNREGISTER is sent. */
  readonly offered = new Map<string, number>()
  readonly #ending = new Map<number, string>()
  readonly calls = new Map<number, Made>()
  readonly open: number[] = []
  readonly #last = new Map<string, number>()

  constructor (t: Test, world: World, client: TestClient & { id: number }) {
    this.#t = t
    this.#world = world
    this.client = client
  }

  get isWaiting (): boolean {
    return this.#asked.size > 0
  }

  isLeaving (procedure: string): boolean {
    return [...this.#ending.values()].includes(procedure)
  }

  register (procedure: string): void {
    if (this.offered.has(procedure) || this.isWaiting || this.#ending.size > 0) return
    this.#asked.set(++this.#request, { kind: 'register', procedure })
    this.client.say([64, this.#request, { invoke: policies[procedure] }, procedure])
  }

  unregister (procedure: string): void {
    const registration = this.offered.get(procedure)
    if (registration === undefined || this.isWaiting) return
    this.offered.delete(procedure)
    this.#ending.set(registration, procedure)
    this.#asked.set(++this.#request, { kind: 'unregister', procedure })
    this.client.say([66, this.#request, registration])
  }

  call (procedure: string): void {
    // A parked session's call is routed later.
    const mustBeFound = !this.isWaiting && this.#world.isOffered(procedure)
    this.calls.set(++this.#request, { procedure, state: 'open', invoked: 0, mustBeFound, isOrdered: !this.#world.isLeft(procedure) })
    this.client.say([48, this.#request, {}, procedure, [this.client.id, this.#request]])
  }

  cancel (mode: string): void {
    const request = [...this.calls].find(([, { state }]) => state === 'open')?.[0]
    if (request === undefined) return
    this.calls.get(request)!.mustBeFound = false
    this.client.say([49, request, { mode }])
  }

  answer (kind: 'result' | 'error'): void {
    const request = this.open.shift()
    if (request !== undefined) this.client.say(kind === 'result' ? [70, request, {}, ['done']] : [8, 68, request, {}, 'com.failed'])
  }

  listen (): void {
    for (const message of this.client.heard()) this.#hear(message)
  }

  #hear (message: unknown[]): void {
    const [type, id, second] = message as [number, number, number]
    switch (type) {
      case MessageType.Registered: return this.#registered(id, second)
      case MessageType.Unregistered: return this.#unregistered(id)
      case MessageType.Invocation: return this.#invoked(id, second, message[4] as [number, number])
      case MessageType.Interrupt: return
      case MessageType.Result: return this.#ended(id, null)
      case MessageType.Error: return message[1] === 48 ? this.#ended(second, message[4] as string) : this.#refused(message)
      default: this.#t.fail(`an unexpected message: ${JSON.stringify(message)}`)
    }
  }

  #registered (request: number, registration: number): void {
    const { procedure } = this.#asked.get(request)!
    this.#asked.delete(request)
    this.offered.set(procedure, registration)
    const holders = this.#world.holders(procedure)
    if (policies[procedure] === 'single' && holders > 1) this.#t.fail(`${holders} sessions have ${procedure}`)
  }

  #unregistered (request: number): void {
    const { procedure } = this.#asked.get(request)!
    this.#asked.delete(request)
    for (const [registration, known] of this.#ending) if (known === procedure) this.#ending.delete(registration)
  }

  #invoked (request: number, registration: number, [caller, number]: [number, number]): void {
    const known = [...this.offered.values(), ...this.#ending.keys()]
    if (!known.includes(registration)) this.#t.fail(`an invocation of registration ${registration}, which the callee does not have`)
    this.open.push(request)
    // A call that comes back, because its callee has left, arrives at the next one after later calls.
    if (!this.#world.invoked(caller, number)) return
    if (number < (this.#last.get(`${caller}`) ?? 0)) this.#t.fail(`calls of ${caller} out of order`)
    this.#last.set(`${caller}`, number)
  }

  #ended (request: number, error: string | null): void {
    const call = this.calls.get(request)!
    if (call.state === 'ended') this.#t.fail(`call ${request} ended twice`)
    call.state = 'ended'
    if (error === null || error === 'com.failed') return
    if (error === 'wamp.error.network_failure' && this.#world.losses > 0) return
    if (!permitted.has(error)) this.#t.fail(`a call ended with ${error}`)
    if (call.mustBeFound && error !== 'wamp.error.canceled') this.#t.fail(`a call of ${call.procedure} ended with ${error}, although it was registered throughout`)
  }

  #refused (message: unknown[]): void {
    const [, of, request, , error] = message as [number, number, number, object, string]
    this.#asked.delete(request)
    if (of !== 64 || error !== 'wamp.error.procedure_already_exists') this.#t.fail(`refused: ${JSON.stringify(message)}`)
  }
}

/** All clients. */
class World {
  /** The messages between nodes that were lost. */
  losses = 0
  readonly peers: Peer[] = []
  /** The procedures that have lost a callee without UNREGISTERED, so that nobody knows when all nodes know. */
  readonly #departed = new Set<string>()

  /** The sessions that have received REGISTERED and have not sent UNREGISTER. */
  holders (procedure: string): number {
    return this.peers.filter((peer) => peer.offered.has(procedure)).length
  }

  isOffered (procedure: string): boolean {
    return this.holders(procedure) > 0
  }

  /** A procedure has lost a callee: calls on their way may not find one. */
  lost (procedure: string): void {
    for (const { calls } of this.peers) for (const call of calls.values()) if (call.procedure === procedure) call.mustBeFound = call.isOrdered = false
  }

  /** True if a callee has left, and the node of a caller may not know that. */
  isLeft (procedure: string): boolean {
    return this.peers.some((peer) => peer.isLeaving(procedure)) || this.#departed.has(procedure)
  }

  /** A callee has left without UNREGISTER. */
  departed (procedure: string): void {
    this.#departed.add(procedure)
  }

  /** A callee has received a call. True if all callees that it could have had remained. */
  invoked (caller: number, request: number): boolean {
    const call = this.peers.find(({ client }) => client.id === caller)?.calls.get(request)
    if (call !== undefined && ++call.invoked > 1) throw new Error(`call ${request} of ${caller} was invoked twice`)
    return call?.isOrdered === true
  }
}

async function run (t: Test, seed: number, isFaulty: boolean): Promise<void> {
  const cluster = await TestCluster.of(1 + seed % 4, seed)
  const { hub } = cluster
  const world = new World()
  const { peers } = world
  const one = <T>(list: readonly T[]): T => list[hub.below(list.length)]!
  const listen = (): void => { for (const peer of peers) peer.listen() }
  const arrive = async (): Promise<void> => { peers.push(new Peer(t, world, await one(cluster.nodes).join())) }
  for (let i = 0; i < 4; i++) await arrive()
  for (let i = 0; i < steps; i++) {
    const peer = one(peers)
    const choice = hub.below(24)
    if (choice < 3) peer.register(one(procedures))
    else if (choice < 4) {
      const procedure = one(procedures)
      if (peer.offered.has(procedure)) world.lost(procedure)
      peer.unregister(procedure)
    } else if (choice < 9) peer.call(one(procedures))
    else if (choice < 10) peer.cancel(one(['kill', 'killnowait', 'skip']))
    else if (choice < 14) peer.answer(one(['result', 'error']))
    else if (choice < 15 && peers.length > 2 && hub.below(3) === 0) {
      for (const procedure of procedures.filter((procedure) => peer.offered.has(procedure) || peer.isLeaving(procedure) || peer.isWaiting)) {
        world.lost(procedure)
        world.departed(procedure)
      }
      peers.splice(peers.indexOf(peer), 1)
      peer.client.connection.closed()
    } else if (choice < 16 && peers.length < 8) await arrive()
    else if (choice < 17 && isFaulty) {
      if (hub.below(2) === 0) hub.faults.doubled = 1
      else {
        hub.faults.lost = 1
        world.losses++
        for (const procedure of procedures) world.lost(procedure)
      }
    } else await cluster.step()
    await settled()
    listen()
  }
  // Within some seconds, nodes notice that the last messages were lost.
  const seconds = isFaulty ? 3 : 0
  for (let second = 0; second < seconds; second++) {
    await cluster.second()
    listen()
  }
  for (let turns = 0; turns < 3 || peers.some(({ open }) => open.length > 0); turns++) {
    await cluster.run()
    listen()
    for (const peer of peers) while (peer.open.length > 0) peer.answer('result')
  }
  await cluster.run()
  listen()
  for (const { calls } of peers) {
    const open = [...calls].filter(([, { state }]) => state === 'open')
    if (open.length > 0) t.fail(`calls that did not end: ${JSON.stringify(open)}`)
  }
  t.equal(cluster.openCalls(), 0, 'no call is left on any node')
  for (const { client } of peers) client.connection.closed()
  await cluster.run()
  for (const node of cluster.nodes) {
    const client = await node.join()
    t.same(client.ask([48, 1, {}, 'wamp.registration.list']), [50, 1, {}, [{ exact: [], prefix: [], wildcard: [] }]], 'no registration is left')
    if (!isFaulty) t.same(node.logged, [])
  }
}

for (let seed = first; seed < first + schedules; seed++) {
  t.test(`schedule ${seed}: each call ends once, is invoked at most once, in order, and finds a callee that is registered`, async (t) => { await run(t, seed, false) })
  t.test(`schedule ${seed} with lost and doubled messages: each call ends once, and is invoked at most once`, async (t) => { await run(t, seed, true) })
}

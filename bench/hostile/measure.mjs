// Measures the CPU time that 64 KiB of an attack cost, and the same of plain PUBLISHes on the same router.
import { BLOCK, fill, json } from './frames.mjs'
import { Peer } from './peer.mjs'
import { Router } from './router.mjs'

/** The yardstick's message: a short, ordinary PUBLISH. */
export const PLAIN = [16, 1, {}, 'bench.topic']
/** Default of the milliseconds that an attack may take. */
export const DEADLINE = 60_000
const WARM_BLOCKS = 8
const YARDSTICK_WARM = 100
const BLOCKS = 10
/** Milliseconds of CPU time that are enough to warm up, and to measure. */
const ENOUGH = 1500

/** A router, with the CPU milliseconds of 64 KiB of plain PUBLISHes (`yard`), and of a measurement without input (`idle`). */
export class Target {
  router
  yard
  idle

  static async start () {
    const target = new Target()
    const router = target.router = await Router.start()
    const peer = await Peer.join(router)
    const block = fill(() => json(PLAIN))
    const once = async () => (await written(router, DEADLINE, () => write(peer, block))).cpu
    await written(router, DEADLINE, () => write(peer, Buffer.concat(Array.from({ length: YARDSTICK_WARM }, () => block))))
    target.idle = await idleOf(router)
    target.yard = await median(9, once) - target.idle
    peer.socket.destroy()
    return target
  }

  /** A bare app without a yardstick: only what its connections and requests cost is of interest. */
  static async bare () {
    const target = new Target()
    target.router = await Router.start('bare.mjs')
    target.idle = await idleOf(target.router)
    target.yard = NaN
    return target
  }
}

async function idleOf (router) {
  return await median(5, async () => (await written(router, DEADLINE, () => 0)).cpu)
}

async function median (count, measure) {
  const all = []
  for (let i = 0; i < count; i++) all.push(await measure())
  return all.sort((a, b) => a - b)[count >> 1]
}

function write (peer, block) {
  peer.socket.write(block)
  return block.length
}

/** Runs `act`, which returns the octets it wrote, and resolves to what has changed when the router is idle again. */
async function written (router, within, act) {
  const { received } = await router.ask('state')
  await router.ask('settled', { received }, within)
  const before = await router.ask('begin')
  const octets = await act()
  const after = await router.ask('settled', { received: before.received + octets }, within)
  return {
    octets, cpu: after.cpu - before.cpu, sent: after.sent - before.sent, units: after.units - before.units, rss: after.rss - before.rss, pause: after.pause
  }
}

/** A client that performs an attack. */
export class Attacker {
  /** How many messages it has made on this connection. */
  n = 0
  peer
  #attack
  #shared
  #router

  constructor (router, attack, shared) {
    this.#router = router
    this.#attack = attack
    this.#shared = shared
  }

  /** Connects if necessary, and builds the next block. Resolves to the function that writes it and returns its octets. */
  async prepare () {
    const { way = 'join', fresh = false, reads = false, arm, before } = this.#attack
    if (way !== 'none' && (this.peer === undefined || fresh || this.peer.state === 'closed')) {
      this.peer?.socket.destroy()
      this.peer = await Peer[way](this.#router, this.#attack)
      this.n = 0
      await arm?.(this.#given)
      this.peer.ignore(reads ? 'read' : 'not read')
    }
    await before?.(this.#given)
    const { act, frame = (n) => json(this.#attack.message(n, this.#given)), size = BLOCK } = this.#attack
    const block = act === undefined ? fill(() => frame(this.n++, this.#given), size) : null
    return block === null ? () => act(this.#given) : () => write(this.peer, block)
  }

  get #given () {
    return { peer: this.peer, router: this.#router, shared: this.#shared, attacker: this }
  }
}

/** Runs an attack. Never rejects: `note` says what went wrong. */
export async function measure (target, attack, shared, deadline = DEADLINE) {
  const { router } = target
  const attacker = new Attacker(router, attack, shared)
  let left = deadline
  const sum = { blocks: 0, octets: 0, sent: 0, cpu: 0, units: 0, rss: 0, pause: 0 }
  let before = router.cpu
  let planned = 0
  const once = async () => {
    const act = await attacker.prepare()
    before = router.cpu
    const start = performance.now()
    const found = await written(router, left, async () => (planned = await act()))
    left -= performance.now() - start
    return found
  }
  const add = (found) => {
    sum.blocks++
    for (const name of ['octets', 'sent', 'cpu', 'units', 'rss']) sum[name] += found[name]
    sum.pause = Math.max(sum.pause, found.pause)
  }
  let note = ''
  try {
    let warmed = 0
    let rss = 0
    for (let i = 0; i < (attack.warm ?? WARM_BLOCKS) && warmed < ENOUGH; i++) {
      const found = await once()
      warmed += found.cpu
      rss += found.rss
      // A block that takes this long warms itself up.
      if (found.cpu >= ENOUGH) add(found)
    }
    while (sum.blocks === 0 || (sum.blocks < BLOCKS && sum.cpu < ENOUGH)) add(await once())
    sum.rss += rss
  } catch (error) {
    note = error.message
    const measured = sum.blocks > 0
    // The attack did not finish: its CPU time so far is a lower bound.
    if (!measured) Object.assign(sum, { blocks: 1, octets: planned, cpu: Math.max(router.cpu - before, 0), pause: NaN })
    return { ...resultOf(sum, target), note, state: measured ? 'interrupted' : 'broken' }
  } finally {
    attacker.peer?.socket.destroy()
  }
  return { ...resultOf(sum, target), note, state: 'done' }
}

/** The figures of one block. */
function resultOf ({ blocks, octets, sent, cpu, units, rss, pause }, { yard, idle }) {
  const each = Math.max(blocks, 1)
  return { octets: octets / each, sent: sent / each, cpu: Math.max(0, cpu / each - idle), units: units / each, unitsPerMs: units < 2000 ? null : units / cpu, rss, pause, yard }
}

/** The cost of 64 KiB in yardsticks, less the allowance, which is one in yardsticks for the whole block. */
export function ratioOf ({ cpu, yard, octets }, allowance) {
  return octets === 0 ? NaN : Math.max(0, cpu / yard - allowance) / (octets / BLOCK)
}

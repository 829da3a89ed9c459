// Measures how long a bystander's calls take during attacks by many.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Attacker } from './measure.mjs'
import { Router } from './router.mjs'

const WITHIN = 30_000

/** `count` attackers write one block each at once. Resolves to the delays of a bystander's calls, in milliseconds. */
export async function delays (attack, count) {
  const router = await Router.start()
  const attackers = []
  const worker = new Worker(new URL('bystander.mjs', import.meta.url), { workerData: { port: router.port } })
  const took = []
  let start = null
  worker.on('error', () => {})
  worker.on('message', (told) => {
    if (told.start !== undefined) start = told.start
    if (told.took === undefined) return
    took.push(told.took)
    start = null
  })
  let note = ''
  try {
    const shared = await attack.setUp?.(router)
    const acts = []
    for (let i = 0; i < count; i++) {
      attackers.push(new Attacker(router, attack, shared))
      acts.push(await attackers[i].prepare())
    }
    await once(worker, 'message')
    const { received } = await router.ask('state')
    took.length = 0
    let octets = 0
    for (const act of acts) octets += await act()
    await router.ask('settled', { received: received + octets }, WITHIN)
  } catch (error) {
    note = error.message
    if (start !== null) took.push(Date.now() - start)
  } finally {
    await worker.terminate()
    for (const { peer } of attackers) peer?.socket.destroy()
    await router.stop()
  }
  took.sort((a, b) => a - b)
  return { median: took[took.length >> 1] ?? NaN, worst: took.at(-1) ?? NaN, calls: took.length, note }
}

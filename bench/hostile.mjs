#!/usr/bin/env node
// Measures what attacks by ordinary clients cost the router, beside plain PUBLISHes of as many octets. Bounds are the defaults.
// Usage: npm run hostile -- [--no-crowd] [--deadline 60] [NAME...]   runs the attacks whose names contain one of these
import { parseArgs } from 'node:util'
import { isUnread, needsScan, OWED, SCANS, sentBy } from './hostile/allowances.mjs'
import { catalogue } from './hostile/catalogue.mjs'
import { delays } from './hostile/crowd.mjs'
import { BLOCK } from './hostile/frames.mjs'
import { measure, ratioOf, Target } from './hostile/measure.mjs'
import { relaying } from './hostile/relaying.mjs'

/** Times the yardstick that 64 KiB may cost, besides the allowances: what sending costs, and scans of the store of logins. */
const BOUND = 20
/** Times the cost in a bare app that opening connections and requests may cost. */
const BARE_BOUND = 3
/** How many attack at once while a bystander calls, and by how many of the worst attacks. */
const CROWDS = [1, 100, 1000]
const WORST = 3

const { values, positionals } = parseArgs({ options: { 'no-crowd': { type: 'boolean', default: false }, deadline: { type: 'string', default: '60' } }, allowPositionals: true })
const attacks = catalogue.filter(({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
const say = (line) => { process.stdout.write(`${line}\n`) }
const round = (number) => Number.isNaN(number) ? '-' : number >= 100 ? String(Math.round(number)) : number.toPrecision(2)
const kib = (octets) => round(octets / 1024)

const relay = await relayCosts()
const bare = await Target.bare()
say(`\n| attack | KiB written | KiB sent | CPU ms | ratio, all | ratio | ratio to bare app | pause ms | RSS MiB | units/ms | over ${BOUND}, or ${BARE_BOUND} times the bare app |\n|---|---|---|---|---|---|---|---|---|---|---|`)
const found = []
for await (const { attack, result, one } of results()) {
  const all = ratioOf(result, 0)
  const ratio = ratioOf(result, allowance(attack.name, result, one))
  const toBare = attack.bare === true ? await ratioToBare(attack, result) : null
  const isOver = toBare === null ? ratio > BOUND : toBare > BARE_BOUND
  found.push({ attack, ratio, isOver })
  const over = isOver || result.state === 'broken' ? `**over**${result.note === '' ? '' : `: ${result.note}`}` : result.note
  const cells = [kib(result.octets), kib(result.sent), round(result.cpu), round(all), `${result.state === 'broken' ? '> ' : ''}${round(ratio)}`, toBare === null ? '' : round(toBare), round(result.pause), round(result.rss), result.unitsPerMs === null ? '-' : round(result.unitsPerMs)]
  say(`| ${attack.name} | ${cells.join(' | ')} | ${over} |`)
}
await bare.router.stop()
const over = found.filter(({ isOver }) => isOver)
say(`\n${over.length} of ${found.length} are over their bound.`)
if (!values['no-crowd']) await crowds()
process.exit(over.length === 0 ? 0 : 1)

/** What an octet that is sent costs, by its kind, in yardsticks: the most that it costs in any way. */
async function relayCosts () {
  const target = await Target.start()
  const costs = {}
  for (const attack of relaying) {
    const shared = await attack.setUp?.(target.router)
    const { cpu, sent, note } = await measure(target, attack, shared)
    if (note !== '') throw new Error(`${attack.name}: ${note}`)
    costs[attack.kind] = Math.max(costs[attack.kind] ?? 0, cpu / sent / target.yard)
    say(`${attack.name}: ${(cpu / sent * 1e6).toFixed(2)} ns for an octet sent`)
    for (const { socket } of shared?.peers ?? []) socket.destroy()
  }
  await target.router.stop()
  say(`64 KiB of plain PUBLISHes: ${target.yard.toFixed(2)} ms; of relaying, as a ratio: ${(costs.payloads * BLOCK).toFixed(2)}`)
  return costs
}

/** What a block may cost besides the bound, in yardsticks. `one` is the cost of a single call that scans the store. */
function allowance (name, { sent, yard }, one) {
  const made = isUnread(name) ? sent + OWED : sent
  return made * relay[sentBy(name)] + SCANS * one / yard
}

/** The same write to a bare app. */
async function ratioToBare (attack, { cpu, octets }) {
  const { cpu: bareCpu, octets: bareOctets } = await measure(bare, attack, undefined)
  return cpu / octets / (bareCpu / bareOctets)
}

/** Runs all attacks. Those that are prepared alike, one after the other, share a router until one breaks it. */
async function * results () {
  let target = null
  let shared
  let setUp
  for (const attack of attacks) {
    if (target === null || attack.setUp !== setUp) {
      await target?.router.stop()
      target = null
      setUp = attack.setUp
      try {
        target = await Target.start()
        shared = await setUp?.(target.router)
      } catch (error) {
        say(`| ${attack.name} | | | | | | | | not set up: ${error.message} |`)
        await target?.router.stop()
        target = null
        continue
      }
    }
    const one = needsScan(attack.name) ? (await measure(target, { ...attack, size: 1, reads: true }, shared)).cpu : 0
    const result = await measure(target, attack, shared, Number(values.deadline) * 1000)
    if (result.state !== 'done') {
      await target.router.stop()
      target = null
    }
    yield { attack, result, one }
  }
  await target?.router.stop()
}

/** How long a bystander waits for a call while many attack in the worst ways. */
async function crowds () {
  const worst = found.filter(({ attack }) => attack.way !== 'none').sort((a, b) => b.ratio - a.ratio).slice(0, WORST).map(({ attack }) => attack)
  say('\n| all at once, 64 KiB each | attackers | a call takes, median ms | worst ms | calls | |\n|---|---|---|---|---|---|')
  for (const attack of [catalogue[0], ...worst]) {
    for (const count of CROWDS) {
      const { median, worst, calls, note } = await delays(attack, count)
      say(`| ${attack.name} | ${count} | ${round(median)} | ${round(worst)} | ${calls} | ${note} |`)
    }
  }
}

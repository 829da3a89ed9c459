import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import type { Test } from 'tap'
import { BLOCK, catalogue, isUnread, needsScan, OWED, PLAIN, relaying, SCANS, sentBy } from '../../bench/hostile/index.mjs'
import type { Attack } from '../../bench/hostile/index.mjs'
import { MessageType } from '../../plugin/protocol/message.ts'
import { clientLayout } from '../../plugin/protocol/wire-format.ts'
import { Arena, of64KiB } from './router-under-attack.ts'
import type { Caused } from './router-under-attack.ts'

/** Times the yardstick that 64 KiB may cost, besides what relaying costs. */
const BOUND = 20
/** The first block of an attack. One that costs that much already is not made longer: its cost is in proportion. */
const SAMPLE = BLOCK / 32
/** Octets sent because of the first block that say the same. */
const MUCH = 2 ** 23

t.setTimeout(900_000)
const arena = new Arena(t)
/** Meta procedures that were called. */
const called = new Set<string>()

/** The attack, which notes the meta procedures that it calls. */
function noted (attack: Attack): Attack {
  const { message } = attack
  if (message === undefined) return attack
  return {
    ...attack,
    message (n, given) {
      const made = message(n, given)
      if (Array.isArray(made) && made[0] === 48) called.add(made[3] as string)
      return made
    }
  }
}

function isFromClient (type: number): boolean {
  try {
    clientLayout(type)
    return true
  } catch {
    return false
  }
}

const units = async (attack: Attack): Promise<number> => of64KiB((await arena.perform(attack, 1))[0]!)
const yard = await units({ name: 'the yardstick', message: () => PLAIN })
const relays: number[] = []
for (const attack of relaying.filter(({ kind }) => kind === 'payloads')) {
  const [, { units, sent }] = await arena.perform(attack, 2) as [Caused, Caused]
  relays.push(units / sent)
}
/** The units that it takes to relay an octet. */
const relay = Math.max(...relays)

/** Units for an octet of an answer that lists ids: it is made, not relayed. Each id of eight octets or so is looked up, read and written. */
const LISTED = 3 / 8
/** What an attack may cost; `one` is what one message of it costs. */
function allowance ({ octets, sent }: Caused, name: string, one: number): number {
  const made = isUnread(name) ? sent + OWED : sent
  const isListed = sentBy(name) === 'ids' || sentBy(name) === 'logins'
  return BOUND * yard * octets / BLOCK + made * (isListed ? LISTED : relay) + (needsScan(name) ? SCANS * one : 0)
}

function judge (t: Test, name: string, caused: Caused, one = 0): void {
  const { octets, sent, units } = caused
  const most = allowance(caused, name, one)
  if (process.env.DEBUG_WORK) console.error(`${units > most ? 'OVER ' : ''}${name}: ${Math.round(units)} of ${Math.round(most)} units for ${octets} octets, ${sent} sent`)
  t.ok(units <= most, `${name}: ${Math.round(units)} of ${Math.round(most)} units for ${octets} octets, ${sent} sent`)
}

t.test('the yardstick counts its own work, and so does relaying', async (t) => {
  t.ok(yard > 30_000 && yard < 60_000, `${yard} units for 64 KiB of plain PUBLISHes`)
  t.ok(relay > 1 / 64 && relay < 1 / 4, `${relay} units for an octet relayed`)
})

t.test('64 KiB of an attack costs at most 20 times the work of plain PUBLISH messages, plus the work of relaying', async (t) => {
  for (const attack of catalogue.map(noted)) {
    const { name, size = BLOCK } = attack
    const [one] = needsScan(name) ? await arena.perform({ ...attack, size: 1 }, 1) : []
    const [sample] = await arena.perform({ ...attack, size: size > BLOCK ? size : SAMPLE }, 1)
    judge(t, name, sample!, one?.units)
    const isShort = isUnread(name) || needsScan(name) || of64KiB(sample!) < BOUND * yard
    if (size === BLOCK && isShort && sample!.sent < MUCH) judge(t, name, (await arena.perform(attack, 1))[0]!, one?.units)
  }
})

t.test('the attacks cover every client message and every meta procedure', async (t) => {
  const received = await arena.end()
  for (const [name, type] of Object.entries(MessageType)) if (isFromClient(type)) t.ok(received[type]! > 0, name)
  const realm = new URL('../../plugin/realm/', import.meta.url)
  const files = (await readdir(realm)).filter((file) => file.endsWith('-procedures.ts'))
  for (const file of files) {
    const names = [...(await readFile(new URL(file, realm), 'utf8')).matchAll(/^ {4}'(wamp\.[\w.]+)': /gm)]
    t.ok(names.length > 0, `${file} has procedures`)
    for (const [, name] of names) t.ok(called.has(name!), name!)
  }
})

import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import type { Test } from 'tap'
import { BLOCK, catalogue, PLAIN, relaying } from '../../bench/hostile/index.mjs'
import type { Attack } from '../../bench/hostile/index.mjs'
import { MessageType } from '../../plugin/protocol/message.ts'
import { clientLayout } from '../../plugin/protocol/wire-format.ts'
import { Arena, of64KiB } from './router-under-attack.ts'
import type { Caused } from './router-under-attack.ts'

/** Times the yardstick that 64 KiB may cost, besides what relaying costs. */
const BOUND = 20
/** The first block of an attack. One that costs that much already is not made longer: its cost is in proportion. */
const SAMPLE = BLOCK / 16

t.setTimeout(300_000)
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
for (const attack of relaying) {
  const [, { units, sent }] = await arena.perform(attack, 2) as [Caused, Caused]
  relays.push(units / sent)
}
/** The units that it takes to relay an octet. */
const relay = Math.max(...relays)

/** Attacks that cost more, and by what factor. */
const beyond: Readonly<Record<string, number>> = {
  'PUBLISH to 8,192 patterns, a role excluded': 8,
  'SUBSCRIBE with get_retained, 10,000 events, none read': 5,
  'wamp.session.list': 3,
  'wamp.session.list, not read': 10,
  'wamp.subscription.list': 5,
  'wamp.subscription.list, not read': 10,
  'wamp.subscription.list_subscribers of 10,000': 2,
  'wamp.registration.list': 5,
  'wamp.registration.list, not read': 10,
  'wamp.registration.list_callees of 5,000': 2,
  'wamp.subscription.get_events, 100 of 10 KB, not read': 3,
  'wamp.subscription.get_events, one of 1 MB, not read': 3,
  'wamp.login.list': 150,
  'wamp.login.list of nobody': 40,
  'wamp.login.list, not read': 150,
  'wamp.login.revoke of nobody': 40,
  'wamp.session.kill_by_authid of nobody, revoke_logins': 40
}

function judge (t: Test, name: string, { octets, sent, units }: Caused): void {
  const most = (BOUND * yard * octets / BLOCK + relay * sent) * (beyond[name] ?? 1)
  t.ok(units <= most, `${name}: ${Math.round(units)} of ${Math.round(most)} units for ${octets} octets, ${sent} sent`)
}

t.test('the yardstick itself counts its work, and so does relaying', async (t) => {
  t.ok(yard > 30_000 && yard < 60_000, `${yard} units for 64 KiB of plain PUBLISHes`)
  t.ok(relay > 1 / 64 && relay < 1 / 4, `${relay} units for an octet relayed`)
})

t.test('64 KiB of an attack cost at most 20 times the work of plain PUBLISHes, and that of relaying', async (t) => {
  for (const attack of catalogue.map(noted)) {
    const { name, size = BLOCK } = attack
    const [sample] = await arena.perform({ ...attack, size: size > BLOCK ? size : SAMPLE }, 1)
    judge(t, name, sample!)
    if (size === BLOCK && of64KiB(sample!) < BOUND * yard) judge(t, name, (await arena.perform(attack, 1))[0]!)
  }
})

t.test('the attacks are by every message of a client, and by every meta procedure', async (t) => {
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

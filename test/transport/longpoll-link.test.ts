import t from 'tap'
import type { Deadlines } from '../../plugin/deadlines.ts'
import { LongPollLink } from '../../plugin/transport/longpoll-link.ts'
import type { Poll } from '../../plugin/transport/longpoll-link.ts'
import type { LinkOwner } from '../../plugin/transport/link.ts'

/** A request for messages whose response is observed. */
class TestPoll implements Poll {
  unsent = 100
  readonly responses: string[] = []

  respond (content: Buffer): void { this.responses.push(content.toString()) }

  finish (outcome: string): void { this.responses.push(`(${outcome})`) }

  cut (): void { this.responses.push('(cut)') }
}

function build ({ batched = false } = {}) {
  const expiries: (() => void)[] = []
  const deadlines = {
    add: (_at: number, expire: () => void) => {
      expiries.push(expire)
      return () => { expiries.splice(expiries.indexOf(expire), 1) }
    }
  } as unknown as Deadlines
  const events: string[] = []
  const log = { debug () {}, info (_: object, text: string) { events.push(text) }, warn () {}, error () {} }
  const owner: LinkOwner = {
    ...{ log, receive () {}, refuse () {}, sendControl () {}, pinged () {}, ponged () {}, hasRead () {} },
    drained: () => { events.push('drained') },
    closed: (end) => { events.push(end) }
  }
  const link = new LongPollLink({ details: { type: 'longpoll' }, times: { requestTimeout: 1000, sessionTimeout: 3_600_000 }, deadlines, batched, ended: () => { events.push('ended') } })
  link.open(owner)
  /** The check of the session timeout, which is the oldest deadline. */
  const check = (): void => { expiries.shift()!() }
  const turn = async (): Promise<void> => { await new Promise((resolve) => { setImmediate(resolve) }) }
  return { link, events, check, expiries, turn }
}

t.test('a client that reads nothing of a response between two checks loses its transport, and one that reads does not', async (t) => {
  const { link, events, check, turn } = build()
  const poll = new TestPoll()
  link.poll(poll)
  link.write(Buffer.from('one'))
  await turn()
  t.same(poll.responses, ['one'])
  check()
  poll.unsent = 50
  check()
  t.same(events, [])
  check()
  await turn()
  t.match(events, [/no request for too long/, 'ended', 'broken'])
  const late = new TestPoll()
  link.poll(late)
  t.same(late.responses, ['(ended)'])
})

t.test('a client that waits for messages keeps its transport', (t) => {
  const { link, events, expiries } = build()
  link.poll(new TestPoll())
  // Checks are added at the end, after the deadline of the request.
  for (let i = 0; i < 5; i++) expiries.splice(i === 0 ? 0 : 1, 1)[0]!()
  t.same(events, [])
  t.end()
})

t.test('messages of a lost response come first in the next one, in order', async (t) => {
  for (const batched of [false, true]) {
    const { link, turn } = build({ batched })
    for (const text of ['a', 'b', 'c']) link.write(Buffer.from(text))
    const [first, second, third] = [new TestPoll(), new TestPoll(), new TestPoll()]
    link.poll(first)
    link.write(Buffer.from('d'))
    link.settled(first, 'lost')
    link.poll(second)
    link.settled(second, 'sent')
    link.poll(third)
    await turn()
    t.same([first, second, third].map(({ responses }) => responses.join()), batched ? ['abc', 'abcd', ''] : ['a', 'a', 'b'])
  }
})

t.test('octets count until their response has been sent, and the transport is told when there is room', (t) => {
  const { link, events } = build()
  for (let i = 0; i < 3; i++) link.write(Buffer.alloc(40_000))
  t.same([link.writableLength, link.writableNeedDrain], [120_000, true])
  for (const [left, drained] of [[80_000, []], [40_000, ['drained']], [0, ['drained']]] as const) {
    const poll = new TestPoll()
    link.poll(poll)
    link.settled(poll, 'sent')
    t.equal(link.writableLength, left)
    t.same(events, drained)
  }
  t.end()
})

t.test('a transport that the router closes ends when its messages have been fetched, and at once if the app shuts down', async (t) => {
  const { link, events, turn } = build()
  link.write(Buffer.from('GOODBYE'))
  link.close('normal')
  const [first, second] = [new TestPoll(), new TestPoll()]
  link.poll(first)
  link.settled(first, 'sent')
  await turn()
  t.same(events, [], 'the client may close it')
  link.poll(second)
  await turn()
  t.same(second.responses, ['(ended)'])
  t.same(events, ['ended', 'orderly'])

  const shut = build()
  shut.link.close('shutdown')
  await shut.turn()
  t.same(shut.events, ['ended', 'orderly'])

  const told = build()
  const last = new TestPoll()
  told.link.poll(last)
  told.link.write(Buffer.from('GOODBYE'))
  told.link.close('shutdown')
  await told.turn()
  t.same([last.responses, told.events], [['GOODBYE'], []], 'its last response has not been sent yet')
  told.link.settled(last, 'sent')
  await told.turn()
  t.same(told.events, ['ended', 'orderly'])
})

t.test('a response that the client has not read ends with the transport, which would limit it no longer', async (t) => {
  for (const end of ['leave', 'terminate'] as const) {
    const { link, turn } = build()
    const [unread, read] = [new TestPoll(), new TestPoll()]
    link.write(Buffer.from('one'))
    link.poll(read)
    link.settled(read, 'sent')
    link.write(Buffer.from('two'))
    link.poll(unread)
    link[end]()
    await turn()
    t.same([read.responses, unread.responses], [['one'], ['two', '(cut)']])
  }
})

import t from 'tap'
import { Intake } from '../../plugin/transport/intake.ts'
import { isTurnOver, nextTurn, spend, UNITS_OF_TURN } from '../../plugin/work.ts'

const turn = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
const useUp = (): void => { while (!isTurnOver()) spend(UNITS_OF_TURN) }

/** A turn that has all its units begins. */
async function begin (): Promise<void> {
  useUp()
  await nextTurn({})
}

/** An intake that keeps what it does; each message costs so many units. */
function build ({ units = 1 } = {}) {
  const done: string[] = []
  const intake = new Intake({
    take (message) {
      spend(units)
      done.push(String(message))
      if (String(message) === 'drop') intake.drop()
      if (String(message) === 'pause') intake.pause()
    },
    stopReading () { done.push('stopped') },
    readOn () { done.push('reads') }
  })
  const receive = (...messages: string[]): void => { for (const message of messages) intake.receive(Buffer.from(message)) }
  const receiveBatch = (...messages: string[]): void => { intake.receiveBatch(messages.map((message) => Buffer.from(message)), messages.join('').length) }
  return { intake, done, receive, receiveBatch }
}

t.test('messages are processed at once while the turn has units, and then wait in order', async (t) => {
  await begin()
  const { done, receive } = build({ units: UNITS_OF_TURN / 2 })
  useUp()
  receive('a')
  t.same(done, ['stopped'])
  receive('b', 'c')
  while (done.length < 5) await turn()
  t.same(done, ['stopped', 'a', 'b', 'c', 'reads'])
  await turn()
  receive('d')
  t.equal(done.at(-1), 'd')
})

t.test('no more of a thousand messages of one read are processed than the turn has units for', async (t) => {
  await begin()
  const { done, receive, intake } = build({ units: 100 })
  for (let i = 0; i < 1000; i++) receive(String(i))
  t.ok(done.length <= UNITS_OF_TURN / 100 + 2, `${done.length} in the first turn`)
  t.ok(intake.octets > 0)
  while (done.at(-1) !== 'reads') await turn()
  t.same(done.filter((one) => /\d/.test(one)), Array.from({ length: 1000 }, (_, i) => String(i)))
  t.equal(intake.octets, 0)
})

t.test('a paused intake processes nothing, not even the rest of a batch', async (t) => {
  await begin()
  const { done, receive, receiveBatch, intake } = build()
  receive('a', 'pause', 'b')
  receiveBatch('c', 'd')
  await turn()
  t.same(done, ['a', 'pause', 'stopped'])
  intake.resume()
  while (done.at(-1) !== 'reads') await turn()
  t.same(done, ['a', 'pause', 'stopped', 'b', 'c', 'd', 'reads'])
  receiveBatch('e', 'pause', 'f')
  await turn()
  t.same(done.slice(7), ['e', 'pause', 'stopped'])
  intake.resume()
  while (done.at(-1) !== 'reads') await turn()
  t.same(done.slice(10), ['f', 'reads'])
})

t.test('the intake waits for both of two pauses', async (t) => {
  const { done, intake } = build()
  intake.pause()
  intake.pause()
  intake.resume()
  t.same(done, ['stopped'])
  intake.resume()
  t.same(done, ['stopped', 'reads'])
})

t.test('a batch is taken message by message, over as many turns as it needs, before what comes after it', async (t) => {
  await begin()
  const { done, receive, receiveBatch } = build({ units: UNITS_OF_TURN / 4 })
  receiveBatch('1', '2', '3', '4', '5', '6', '7', '8', '9')
  t.ok(done.length < 9, `${done.length} in the first turn`)
  receive('a')
  while (done.at(-1) !== 'reads') await turn()
  t.same(done.filter((one) => one.length === 1), ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'a'])
})

t.test('dropped messages are never processed', async (t) => {
  useUp()
  const { done, receive, receiveBatch, intake } = build()
  receive('a', 'drop', 'b')
  receiveBatch('c')
  while (done.at(-1) !== 'reads') await turn()
  t.same(done, ['stopped', 'a', 'drop', 'reads'])
  t.equal(intake.octets, 0)
})

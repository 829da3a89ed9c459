import t from 'tap'
import { SendLine } from '../../plugin/transport/send-line.ts'
import type { SendRequest } from '../../plugin/transport/send-line.ts'

function enter (line: SendLine): SendRequest {
  const request = line.enter()
  if (request === 'full') throw new Error('full')
  return request
}

/** Resolves to `waits` if a request has no turn yet. */
async function stateOf ({ turn }: SendRequest): Promise<string> {
  return await Promise.race([turn, new Promise<string>((resolve) => { setImmediate(() => { resolve('waits') }) })])
}

t.test('one request at a time has its turn, in order, and those that have left are skipped', async (t) => {
  const line = new SendLine()
  const [first, second, third] = [enter(line), enter(line), enter(line)]
  t.same([await stateOf(first), await stateOf(second)], ['granted', 'waits'])
  second.leave()
  t.equal(await second.turn, 'ended')
  first.leave()
  first.leave()
  t.equal(await stateOf(third), 'granted')
})

t.test('no turn is granted while the line is paused', async (t) => {
  const line = new SendLine()
  line.pause()
  const first = enter(line)
  t.equal(await stateOf(first), 'waits')
  line.resume()
  t.equal(await stateOf(first), 'granted')
  line.pause()
  const second = enter(line)
  first.leave()
  t.equal(await stateOf(second), 'waits')
  line.resume()
  t.equal(await stateOf(second), 'granted')
})

t.test('the number of requests that wait is limited, and those that leave make room', (t) => {
  const line = new SendLine()
  line.pause()
  for (let i = 0; i < 10_000; i++) enter(line).leave()
  const requests = Array.from({ length: 100 }, () => enter(line))
  t.equal(line.enter(), 'full')
  requests[7]!.leave()
  t.not(line.enter(), 'full')
  t.equal(line.enter(), 'full')
  t.end()
})

t.test('when the line is closed, all requests end', async (t) => {
  const line = new SendLine()
  const [first, second] = [enter(line), enter(line)]
  line.pause()
  line.close()
  t.same(await Promise.all([first.turn, second.turn]), ['granted', 'ended'])
  line.resume()
  t.equal(await enter(line).turn, 'ended')
})

import { mock } from 'node:test'
import t from 'tap'
import { Deadlines } from '../plugin/deadlines.ts'
import { spend, UNITS_OF_TURN } from '../plugin/work.ts'

/** The event loop has gone round. */
function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

t.beforeEach(() => { mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1000 }) })
t.afterEach(() => { mock.timers.reset() })

t.test('each deadline fires at its time, regardless of the order, and removed ones do not fire', async (t) => {
  const deadlines = new Deadlines('dates')
  const fired: number[] = []
  const times = Array.from({ length: 300 }, (_, i) => 1001 + (i * 7919) % 300)
  const lifts = times.map((at) => deadlines.add(at, () => { fired.push(at) }))
  const lifted = new Set(times.filter((_, i) => i % 3 !== 0))
  lifts.forEach((lift, i) => { if (i % 3 !== 0) { lift(); lift() } })
  for (let i = 0; i < 300; i++) {
    mock.timers.tick(1)
    t.notOk(fired.some((at) => at > Date.now()))
  }
  t.same(fired, times.filter((at) => !lifted.has(at)).sort((a, b) => a - b))
})

t.test('a deadline in the past fires at once, one beyond the reach of a timer at its time', async (t) => {
  const deadlines = new Deadlines('dates')
  const fired: string[] = []
  deadlines.add(1000 + 2 ** 31 + 5000, () => { fired.push('far') })
  deadlines.add(10, () => { fired.push('past') })
  mock.timers.tick(0)
  t.same(fired, ['past'])
  mock.timers.tick(2 ** 31 - 1)
  t.same(fired, ['past'])
  mock.timers.tick(5001)
  t.same(fired, ['past', 'far'])
})

t.test('many deadlines that expire at once take turns, and none is lost', async (t) => {
  const deadlines = new Deadlines('dates')
  let fired = 0
  const lifts = Array.from({ length: 2_000 }, () => deadlines.add(1001, () => {
    fired++
    spend(UNITS_OF_TURN / 100)
  }))
  lifts.forEach((lift, i) => { if (i % 2 === 0) lift() })
  mock.timers.tick(1)
  t.ok(fired <= 101, `${fired} at once`)
  const atOnce = fired
  await turn()
  t.ok(fired > atOnce && fired < 300, `${fired - atOnce} in the next turn`)
  for (let i = 0; i < 20; i++) await turn()
  t.equal(fired, 1_000)
  deadlines.add(1002, () => { fired++ })
  mock.timers.tick(1)
  await turn()
  t.equal(fired, 1_001, 'the timer goes on')
})

t.test('no deadline fires after close', async (t) => {
  const deadlines = new Deadlines('dates')
  deadlines.add(1001, () => { t.fail('it is closed') })
  deadlines.close()
  mock.timers.tick(10)
})

t.test('a date fires soon after the clock is set forward, and not too early when it is set back', async (t) => {
  let now = 1000
  const deadlines = new Deadlines('dates', () => now)
  const fired: string[] = []
  deadlines.add(3_601_000, () => { fired.push('an hour') })
  now += 7_200_000
  mock.timers.tick(10_000)
  t.same(fired, ['an hour'])
  deadlines.add(now + 5000, () => { fired.push('five seconds') })
  now -= 7_200_000
  mock.timers.tick(10_000)
  t.same(fired, ['an hour'])
  now += 7_205_000
  mock.timers.tick(10_000)
  t.same(fired, ['an hour', 'five seconds'])
})

t.test('a duration is checked once, when it is over', async (t) => {
  let looks = 0
  const deadlines = new Deadlines('durations', () => {
    looks++
    return Date.now()
  })
  deadlines.add(3_601_000, () => {})
  mock.timers.tick(3_599_000)
  t.equal(looks, 1)
})

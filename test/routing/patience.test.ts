import t from 'tap'
import { Patience } from '../../plugin/routing/patience.ts'
import { settled } from '../helper/build-router.ts'
import { FakeSession } from '../realm/fake-session.ts'

/** A subscriber that is behind until it is told to go on. */
class SlowSubscriber extends FakeSession {
  asked = 0
  #goOn: (() => void) | undefined
  #state: 'behind' | 'caught up' = 'behind'

  override caughtUp (): Promise<void> | null {
    this.asked++
    return this.#state === 'caught up' ? null : new Promise((resolve) => { this.#goOn = resolve })
  }

  catchUp (): void {
    this.#state = 'caught up'
    this.#goOn?.()
  }
}

class PromptSubscriber extends FakeSession {
  override caughtUp (): Promise<void> | null { return null }
}

t.test('publishers do not wait for subscribers that keep up', async (t) => {
  t.equal(Patience.with([new PromptSubscriber(1), new PromptSubscriber(2)].values(), 1000), null)
})

t.test('a publisher waits for subscribers that fall behind, one at a time', async (t) => {
  const slow = Array.from({ length: 3 }, (_, i) => new SlowSubscriber(i + 1))
  const patience = Patience.with([new PromptSubscriber(9), ...slow].values(), 1000)
  let state = 'waiting'
  patience?.over.then(() => { state = 'over' })
  for (const [i, subscriber] of slow.entries()) {
    t.same(slow.map(({ asked }) => asked), slow.map((_, at) => at <= i ? 1 : 0))
    t.equal(state, 'waiting')
    subscriber.catchUp()
    await settled()
  }
  t.equal(state, 'over')
})

t.test('a publisher that has left waits for no further subscribers', async (t) => {
  const slow = Array.from({ length: 3 }, (_, i) => new SlowSubscriber(i + 1))
  const patience = Patience.with(slow.values(), 1000)
  patience?.abandon()
  slow[0]!.catchUp()
  await patience?.over
  t.same(slow.map(({ asked }) => asked), [1, 0, 0])
})

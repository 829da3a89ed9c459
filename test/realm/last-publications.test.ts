import t from 'tap'
import type { Publish } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { LastPublications } from '../../plugin/realm/last-publications.ts'
import { ParkedRequest } from '../../plugin/realm/parked-request.ts'
import { refused } from '../../plugin/authorization/verdict.ts'
import { FakeSession } from './fake-session.ts'

const testament = (topic: string): Publish => ({ type: 16, request: 1, options: {}, topic, payload: Payload.of(['x'.repeat(100)]) })
const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

t.test('the testaments that wait are limited in bytes', async (t) => {
  const published: string[] = []
  const abandoned: string[] = []
  const logged: object[] = []
  const decisions: (() => void)[] = []
  const last = new LastPublications({
    publish: (_, { topic }) => new ParkedRequest(
      new Promise((resolve) => { decisions.push(() => { resolve(refused('com.example.no')) }) }), () => { published.push(topic) }, (why) => { abandoned.push(`${topic} ${why}`) }),
    limit: 12_000,
    log: { error: (details) => { logged.push(details) } }
  })
  const leave = (...topics: string[]): void => { Array.from(last.publish(new FakeSession(1), topics.map(testament))) }
  const decide = async (): Promise<void> => {
    for (const resolve of decisions.splice(0)) resolve()
    await settled()
  }
  leave('a', 'b')
  leave('c')
  t.same(abandoned, [])
  leave('d', 'e')
  t.same(abandoned, ['d gone'], 'too many wait')
  t.same(logged, [{ testaments: 2, limit: 12_000 }])
  await decide()
  await decide()
  t.same(published, ['a', 'c', 'b'])
  leave('f', 'g')
  await decide()
  await decide()
  t.same(published, ['a', 'c', 'b', 'f', 'g'], 'others may wait again')
})

t.test('a testament that cannot be published does not keep the others from being published', async (t) => {
  const published: string[] = []
  const logged: unknown[] = []
  const last = new LastPublications({
    publish: (_, { topic }) => {
      if (topic === 'b') throw new Error('b')
      return new ParkedRequest(Promise.resolve(refused('com.example.no')), () => {
        if (topic === 'c') throw new Error('c')
        published.push(topic)
      }, () => {})
    },
    limit: 10_000,
    log: { error: (details) => { logged.push((details as { topic: string }).topic) } }
  })
  Array.from(last.publish(new FakeSession(1), ['b', 'c', 'b', 'c', 'd'].map(testament)))
  for (let i = 0; i < 5; i++) await settled()
  t.same(published, ['d'])
  t.same(logged, ['b', 'c', 'b', 'c'])
})

import t from 'tap'
import { WebSocket } from 'ws'
import { wampContract } from 'fastify-wamp'
import { connect } from 'fastify-wamp/client'
import type { ApiOf, TypedClientSession } from 'fastify-wamp/client'
// As a page would: nothing of it is there at run time.
import type { contract as ofExample } from '../../example-app/contract.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'

/** One without a builder of schemas. */
const contract = wampContract({
  procedures: {
    'com.example.add2': { args: { type: 'array', items: [{ type: 'number' }, { type: 'number' }], minItems: 2, additionalItems: false }, result: { type: 'number' } },
    'com.example.find': {
      kwargs: { type: 'object', properties: { name: { type: 'string' }, mail: { type: 'string' } }, required: ['name'], additionalProperties: false },
      progress: { enum: ['here', 'there'] },
      result: { type: ['string', 'null'] }
    },
    'com.example.ping': {}
  },
  topics: {
    'com.example.news': { args: { type: 'array', items: [{ type: 'string' }, { type: 'integer' }], minItems: 1, additionalItems: false }, kwargs: { type: 'object', properties: { from: { anyOf: [{ type: 'string' }, { const: 0 }] } } } }
  }
})
type Session = TypedClientSession<ApiOf<typeof contract>>

t.test('a typed session calls, registers, publishes and iterates like any other', async (t) => {
  const { url } = await buildApp(t, { realms: { realm1: { contract, roles: { anonymous: everything } } } })
  const session = await connect<typeof contract>(url, { realm: 'realm1', WebSocket })
  t.teardown(() => session.leave())
  await session.register('com.example.add2', ({ args: [x, y] }) => x + y)
  await session.register('com.example.find', ({ kwargs: { name, mail = null }, progress }) => {
    progress?.('here')
    return mail === null ? null : `${name} ${mail}`
  })
  const sum: number = await session.call('com.example.add2', [2, 3])
  t.equal(sum, 5)
  const results = session.results('com.example.find', [], { name: 'joe' })
  const first = await results.next()
  t.same([first, await results.next()], [{ done: false, value: 'here' }, { done: true, value: null }])
  const seen: string[] = []
  await session.subscribe('com.example.news', ({ args: [text, n = 0], kwargs: { from = 'nobody' } }) => { seen.push(`${text} ${n.toFixed(1)} ${from}`) })
  await session.publish('com.example.news', ['hello', 2], { from: 'joe' }, { exclude_me: false })
  t.same(seen, ['hello 2.0 joe'])
  t.equal(session.state, 'open')
})

// Never called: that it compiles is the test, and that what is marked does not.
export async function types (session: Session): Promise<void> {
  // @ts-expect-error: args are required
  await session.call('com.example.add2')
  // @ts-expect-error: two of them
  await session.call('com.example.add2', [2])
  // @ts-expect-error: of two numbers
  await session.call('com.example.add2', [2, '3'])
  // @ts-expect-error: there is no such procedure
  await session.call('com.example.add3', [2, 3])
  // @ts-expect-error: kwargs are required, since name is
  await session.call('com.example.find', [])
  // @ts-expect-error: no other name is known
  await session.call('com.example.find', [], { name: 'joe', phone: '1' })
  // @ts-expect-error: the result may be null
  const mail: string = await session.call('com.example.find', [], { name: 'joe' })
  // @ts-expect-error: a topic is no procedure
  await session.call('com.example.news', [mail])
  await session.call('com.example.ping')
  await session.call('com.example.find', [], { name: 'joe' }, { timeout: 100, onProgress: (place) => place === 'here' })
  // @ts-expect-error: no such place
  await session.call('com.example.find', [], { name: 'joe' }, { onProgress: (place) => place === 'nowhere' })

  for await (const place of session.results('com.example.find', [], { name: 'joe' })) {
    const known: 'here' | 'there' = place
    console.log(known)
  }
  // @ts-expect-error: args are required
  session.results('com.example.add2')
  // @ts-expect-error: the result must be a number
  await session.register('com.example.add2', () => 'five')
  await session.register('com.example.add2', async ({ args }) => args[0])
  await session.register('com.example.find', ({ progress }) => {
    // @ts-expect-error: no such place
    progress?.('nowhere')
    return null
  })
  // @ts-expect-error: a topic is no procedure
  await session.register('com.example.news', () => {})

  await session.publish('com.example.news', ['hello'], { from: 0 })
  // @ts-expect-error: a text, or 0
  await session.publish('com.example.news', ['hello'], { from: 1 })
  // @ts-expect-error: the text is required
  await session.publish('com.example.news')
  // @ts-expect-error: there is no third value
  await session.publish('com.example.news', ['hello', 1, 2])
  // @ts-expect-error: there is no such topic
  await session.publish('com.example.old', ['hello'])
  await session.subscribe('com.example.news', ({ args: [text, n], publication }) => { console.log(text.length, n?.toFixed(), publication.toFixed()) })
  // @ts-expect-error: n may be absent
  await session.subscribe('com.example.news', ({ args: [, n] }) => { console.log(n.toFixed()) })
  // @ts-expect-error: there is no such topic
  await session.subscribe('com.example.old', () => {})
  for await (const { args: [text], kwargs: { from } } of session.events('com.example.news')) {
    const sender: string | 0 | undefined = from
    console.log(text.length, sender)
  }
  // @ts-expect-error: there is no such topic
  session.events('com.example.old')
}

// What TypeBox writes has the same types, and without a contract any URI will do.
export async function others (): Promise<void> {
  const example = await connect<typeof ofExample>('/ws', { realm: 'realm1' })
  const sum: number = await example.call('com.example.add2', [2, 3])
  await example.call('com.example.primes', [sum], {}, { onProgress: (share) => share.toFixed() })
  await example.publish('com.example.feed', ['hello'], { from: 'joe' })
  await example.publish('com.example.feed', ['hello'])
  // @ts-expect-error: of a text
  await example.publish('com.example.feed', [sum])
  // @ts-expect-error: a text
  await example.publish('com.example.feed', ['hello'], { from: sum })
  const free = await connect('/ws')
  const text: string = await free.call('com.example.anything', [1, 'two'])
  await free.publish(text)
  // @ts-expect-error: neither a contract nor an API
  await connect<string>('/ws')
}

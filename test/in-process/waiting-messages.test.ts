import t from 'tap'
import { WaitingMessages } from '../../plugin/in-process/waiting-messages.ts'
import type { EncodedPayload, PayloadCodec } from '../../plugin/protocol/payload.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Values } from '../../plugin/protocol/values.ts'

/** A codec that notes what it decodes. */
function build (bufferedBytes: number) {
  const decoded: string[] = []
  const codec: PayloadCodec = {
    name: 'counting',
    encodePayload: () => { throw new Error('nothing is written') },
    decodePayload: ({ bytes }) => {
      decoded.push(bytes.toString())
      return { args: [bytes.toString()], kwargs: {} }
    }
  }
  const messages = new WaitingMessages<unknown>({ bufferedBytes, read: (payload) => payload.size === 0 ? undefined : payload.values() })
  const payloadOf = (bytes: Buffer): Payload => Payload.ofBytes(codec, { elements: 1, bytes } satisfies EncodedPayload)
  const put = (bytes: Buffer): void => { messages.put(payloadOf(bytes), ({ args }: Values) => args[0]) }
  return { messages, decoded, put }
}

t.test('waiting messages are copies of their bytes, and are decoded when they are read', async (t) => {
  const { messages, decoded, put } = build(10_000)
  const iterator = messages[Symbol.asyncIterator]()
  const chunk = Buffer.from('abc')
  for (const i of [0, 1, 2]) put(chunk.subarray(i, i + 1))
  chunk.fill('x')
  t.same(decoded, [])
  t.same(await iterator.next(), { value: 'a', done: false })
  t.same(decoded, ['a'])
  t.same(await iterator.next(), { value: 'b', done: false })
  put(Buffer.alloc(0))
  put(Buffer.from('d'))
  messages.end()
  put(Buffer.from('e'))
  t.same([await iterator.next(), await iterator.next(), await iterator.next()], [{ value: 'c', done: false }, { value: 'd', done: false }, { value: undefined, done: true }])
  t.same(decoded, ['a', 'b', 'c', 'd'], 'a message without values is skipped')
})

t.test('a waiting reader receives each message as it arrives, and the error at the end', async (t) => {
  const { messages, put } = build(10_000)
  const iterator = messages[Symbol.asyncIterator]()
  const first = iterator.next()
  put(Buffer.from('a'))
  t.same(await first, { value: 'a', done: false })
  messages.end(new Error('over'))
  messages.end()
  await t.rejects(iterator.next(), { message: 'over' })
})

t.test('the size of waiting messages is limited', async (t) => {
  const { messages, decoded, put } = build(10_000)
  const iterator = messages[Symbol.asyncIterator]()
  for (let i = 0; i < 100; i++) {
    put(Buffer.alloc(9000))
    await iterator.next()
  }
  t.equal(decoded.splice(0).length, 100, 'what is read counts no longer')
  for (let i = 0; i < 10; i++) put(Buffer.alloc(3000))
  await t.rejects(iterator.next(), { code: 'WAMP_ERR_SLOW_READER', message: /3 values/ })
  t.same(decoded, [], 'what waited is dropped')
})

t.test('the number of tiny messages is limited', async (t) => {
  const { messages, put } = build(2 ** 30)
  for (let i = 0; i < 10_001; i++) put(Buffer.from('a'))
  await t.rejects(messages[Symbol.asyncIterator]().next(), { code: 'WAMP_ERR_SLOW_READER', message: /10000 values/ })
})

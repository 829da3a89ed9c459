import { Writable } from 'node:stream'
import t from 'tap'
import { EventReadable } from '../../routes/event-readable.ts'

const turn = async (): Promise<void> => { await new Promise((resolve) => { setImmediate(resolve) }) }

/** A destination that keeps what is written, and each time says that it has been sent when it is told. */
class Slow extends Writable {
  readonly chunks: string[] = []
  sent: (error?: Error) => void = () => {}

  override _write (chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.chunks.push(String(chunk))
    this.sent = done
  }
}

t.test('the events that arrive while an earlier one is being sent are one write', async (t) => {
  const readable = new EventReadable({ read () {} })
  const slow = readable.pipe(new Slow())
  for (let i = 0; i < 100; i++) {
    readable.push(`${i},`)
    await turn()
  }
  t.same([slow.chunks, slow.writableLength], [['0,'], 2])
  readable.push('x'.repeat(100_000))
  readable.push(null)
  for (let i = 0; i < 3; i++) {
    slow.sent()
    await turn()
  }
  t.equal(slow.chunks.join(''), `${Array.from({ length: 100 }, (_, i) => `${i},`).join('')}${'x'.repeat(100_000)}`)
  t.same(slow.chunks.map(({ length }) => length).slice(1), [65_536, 34_752])
  t.ok(slow.writableEnded)
})

t.test('a destination that fails is written to no more, and one that ends by itself is not ended', async (t) => {
  const readable = new EventReadable({ read () {} })
  const slow = readable.pipe(new Slow(), { end: false })
  slow.on('error', () => {})
  readable.push('a')
  await turn()
  readable.push('b')
  slow.sent(new Error('broken'))
  await turn()
  t.same(slow.chunks, ['a'])
  const other = new EventReadable({ read () {} })
  const open = other.pipe(new Slow(), { end: false })
  other.push(null)
  other.resume()
  await turn()
  t.notOk(open.writableEnded)
})

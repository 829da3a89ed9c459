import t from 'tap'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { InProcessTransport } from '../../plugin/transport/in-process-transport.ts'

const published = (request: number): RouterMessage => ({ type: 17, request, publication: 1 })

t.test('messages are handed over in order, after the code at work', async (t) => {
  const seen: string[] = []
  const transport = new InProcessTransport({
    receive: (message) => { seen.push(`${message.type}:${'request' in message ? message.request : ''}`) },
    closed: (kind) => { seen.push(kind) }
  })
  t.equal(transport.send(published(1)), 'sent')
  t.equal(transport.send(published(2)), 'sent')
  t.same(seen, [], 'nothing re-enters the router')
  await Promise.resolve()
  t.same(seen, ['17:1', '17:2'])

  transport.send(published(3))
  transport.close('normal')
  t.equal(transport.send(published(4)), 'closed')
  transport.close('failure')
  await new Promise((resolve) => { setImmediate(resolve) })
  t.same(seen, ['17:1', '17:2', '17:3', 'normal'], 'what was sent leaves before the end, which is told once')
})

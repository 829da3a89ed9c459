import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { octetsOf } from '../../routes/event-text.ts'

t.test('streams that are given one event share its octets', async (t) => {
  const details = { topic: 'com.example.news' }
  const event = { args: ['hello'], kwargs: {}, publication: 7, details }
  const octets = octetsOf('com.example', event)
  t.equal(String(octets), 'id: 7\ndata: {"topic":"com.example.news","args":["hello"],"kwargs":{},"details":{"topic":"com.example.news"}}\n\n')
  t.equal(octetsOf('com', { ...event, args: ['hello'] }), octets, 'by whatever pattern')
  t.not(octetsOf('com', { ...event, details: { ...details, publisher: 1 } }), octets, 'if they are told the same of it')
  t.equal(String(octetsOf('com.example.news', { ...event, details: { retained: true } })), 'data: {"topic":"com.example.news","args":["hello"],"kwargs":{},"details":{"retained":true}}\n\n')
  const same = octetsOf('com', event)
  await setImmediate()
  t.not(octetsOf('com', event), same, 'nothing is kept for a later turn')
})

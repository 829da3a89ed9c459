import t from 'tap'
import { PendingLogins } from '../../plugin/session/pending-logins.ts'

t.test('a connection with ten pending logins is not read until one of them has ended', async (t) => {
  const flow: string[] = []
  const logins = new PendingLogins({ pause: () => { flow.push('pause') }, resume: () => { flow.push('resume') } })
  for (let i = 0; i < 9; i++) logins.begin()
  logins.end()
  logins.begin()
  t.same(flow, [])
  logins.begin()
  t.same(flow, ['pause'])
  logins.begin()
  logins.end()
  t.same(flow, ['pause'])
  for (let i = 0; i < 10; i++) logins.end()
  t.same(flow, ['pause', 'resume'])
})

import t from 'tap'
import type { Authorization } from '../../plugin/authorization/authorizer.ts'
import type { Dict } from '../../plugin/protocol/message.ts'
import { HeldValues } from '../../plugin/held-values.ts'
import { Decisions } from '../../plugin/authorization/decisions.ts'
import { PendingVerdict } from '../../plugin/authorization/pending-verdict.ts'
import type { Verdict } from '../../plugin/authorization/verdict.ts'
import type { RoutedSession } from '../../plugin/routing/routed-session.ts'

let lastId = 0

function sessionOf (authextra?: Dict): RoutedSession {
  const principal = { realm: 'realm1', authid: 'joe', authrole: 'user', authmethod: 'token', authprovider: 'function', ...(authextra === undefined ? {} : { authextra }) }
  return {
    id: ++lastId,
    principal,
    isTrusted: false,
    features: new Set(),
    transport: { type: 'websocket' },
    send: () => 'sent',
    isLosing: false,
    caughtUp: () => null,
    place: 0,
    takes: () => true,
    end () {}
  }
}

async function verdictOf (decided: ReturnType<Decisions['decide']>): Promise<Verdict> {
  return decided instanceof PendingVerdict ? await decided.verdict : decided
}

/** Decisions by an authorizer that lets tokens write which say so, and the questions that it was asked. */
function build (cache: boolean): { may: (session: RoutedSession) => Promise<boolean>, asked: number[] } {
  const asked: number[] = []
  const decisions = new Decisions({
    authorizer: async ({ session, authextra }): Promise<Authorization> => {
      asked.push(session)
      return { allow: authextra?.['scope'] === 'write', cache }
    },
    timeout: 1000,
    most: 100,
    held: new HeldValues(Infinity, { warn () {} }),
    log: { error () {} }
  })
  const may = async (session: RoutedSession): Promise<boolean> => (await verdictOf(decisions.decide(session, 'publish', 'com.example.topic', 'exact', {}))).refusal === null
  return { may, asked }
}

t.test('the decision for one session is not applied to another session of the same authid that asks meanwhile', async (t) => {
  const { may, asked } = build(false)
  const [writes, reads, twin] = [sessionOf({ scope: 'write' }), sessionOf({ scope: 'read' }), sessionOf({ scope: 'write' })]
  t.same(await Promise.all([may(writes), may(reads), may(twin), may(writes), may(reads)]), [true, false, true, true, false])
  t.same(asked, [writes.id, reads.id, twin.id], 'each is asked about once at a time')
})

t.test('a cached decision applies to sessions of the same principal with the same authextra', async (t) => {
  const { may, asked } = build(true)
  t.equal(await may(sessionOf({ scope: 'write', since: 1n })), true)
  t.equal(await may(sessionOf({ scope: 'read' })), false)
  t.equal(await may(sessionOf()), false)
  t.equal(await may(sessionOf({ scope: 'write', since: 1n })), true)
  t.equal(await may(sessionOf({ scope: 'read' })), false)
  t.equal(asked.length, 3)
})

import t from 'tap'
import type { Dialect } from 'fastify-wamp'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'

/** What a router answers to HELLO with these details, and to further messages. */
async function answers (dialect: Dialect | undefined, details: Record<string, unknown>, ...messages: unknown[][]): Promise<unknown[][]> {
  const { connect } = buildRouter({
    realms: { realm1: { roles: { frontend: everything } } },
    auth: {
      ticket: { type: 'static', principals: { joe: { ticket: 'sesame', role: 'frontend' } } },
      wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }
    },
    ...(dialect === undefined ? {} : { dialect })
  })
  const client = connect().say(helloAs(details))
  await settled()
  for (const message of messages) {
    client.say(message)
    await settled()
  }
  return client.sent
}

const wrongTicket = [{ authid: 'joe', authmethods: ['ticket'] }, [5, 'wrong', {}]] as const
const cases: [name: string, given: readonly [Record<string, unknown>, ...unknown[][]], wamp: string, crossbar: string][] = [
  ['no method', [{}], 'wamp.error.authentication_required', 'wamp.error.no_auth_method'],
  ['a cookie alone', [{ authmethods: ['cookie'] }], 'wamp.error.no_matching_auth_method', 'wamp.error.no_auth_method'],
  ['another method', [{ authmethods: ['scram'] }], 'wamp.error.no_matching_auth_method', 'wamp.error.no_auth_method'],
  ['a wrong ticket', [wrongTicket[0], [...wrongTicket[1]]], 'wamp.error.authentication_denied', 'wamp.error.not_authorized'],
  ['a wrong signature', [{ authid: 'joe', authmethods: ['wampcra'] }, [5, 'wrong', {}]], 'wamp.error.authentication_denied', 'wamp.error.not_authorized'],
  ['an unknown user', [{ authid: 'ann', authmethods: ['ticket'] }, [5, 'wrong', {}]], 'wamp.error.authentication_denied', 'wamp.error.not_authorized'],
  ['no user', [{ authmethods: ['ticket'] }], 'wamp.error.no_such_principal', 'wamp.error.not_authorized'],
  ['GOODBYE', [{ authid: 'joe', authmethods: ['ticket'] }, [5, 'sesame', {}], [6, {}, 'wamp.close.close_realm']], 'wamp.close.goodbye_and_out', 'wamp.close.normal']
]

for (const [name, [details, ...messages], wamp, crossbar] of cases) {
  t.test(`${name} is answered with the URIs of the specification, or with those of Crossbar.io [SES-10, SES-11, AUT-11, CKO-17]`, async (t) => {
    for (const [dialect, reason] of [[undefined, wamp], ['wamp', wamp], ['crossbar', crossbar]] as const) {
      t.match((await answers(dialect, details, ...messages)).at(-1), name === 'GOODBYE' ? [6, {}, reason] : [3, { message: String }, reason], dialect ?? 'the default')
    }
  })
}

t.test('a reason that Crossbar.io shares is the same in both dialects', async (t) => {
  for (const dialect of ['wamp', 'crossbar'] as const) t.match((await answers(dialect, { roles: {} })).at(-1), [3, { message: String }, 'wamp.error.protocol_violation'])
})

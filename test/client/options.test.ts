import t from 'tap'
import { WebSocket } from 'ws'
import { connect } from 'fastify-wamp/client'
import type { ConnectOptions } from 'fastify-wamp/client'

// Nobody listens there: what is not refused at once fails by the network.
const url = 'ws://127.0.0.1:1/'

async function fault (given: object): Promise<unknown> {
  return await connect(url, { WebSocket, retry: false, ...given }).catch((error: unknown) => error)
}

t.test('an invalid option of the client is refused by name, with the expected value', async (t) => {
  for (const [given, message] of [
    [{ realm: 5 }, 'option "realm" must be a string or null'],
    [{ cookie: 'yes' }, 'option "cookie" must be true or false'],
    [{ login: 'joe' }, 'option "login" must be an object or a function'],
    [{ serializers: 'json' }, 'option "serializers" must be an object'],
    [{ serializers: [] }, 'option "serializers" is invalid'],
    [{ serializers: ['json'] }, 'option "serializers" is invalid'],
    [{ serializers: {} }, 'option "serializers" is invalid'],
    [{ retry: true }, 'option "retry" must be an object or false'],
    [{ retry: 5 }, 'option "retry" must be an object or false'],
    [{ retry: { attempts: 0, first: '1' } }, 'option "first" must be a number >= 0'],
    [{ retry: { attempts: 0, most: NaN } }, 'option "most" must be a number >= 0'],
    [{ retry: { attempts: -1 } }, 'option "attempts" must be a number >= 0'],
    [{ handshakeTimeout: '10' }, 'option "handshakeTimeout" must be a number >= 0'],
    [{ queue: -1 }, 'option "queue" must be a number >= 0'],
    [{ queue: true }, 'option "queue" must be a number >= 0'],
    [{ login: {} }, 'option "login" is not a login'],
    [{ signal: 5 }, 'option "signal" must be an AbortSignal'],
    [{ signal: null }, 'option "signal" must be an AbortSignal'],
    [{ signal: new AbortController() }, 'option "signal" must be an AbortSignal'],
    [{ onState: {} }, 'option "onState" must be a function'],
    [{ onError: 'throw' }, 'option "onError" must be a function'],
    [{ WebSocket: {} }, 'option "WebSocket" must be a function'],
    [{ headers: 'cookie: a=b' }, 'option "headers" must be an object']
  ] as const) t.match(await fault(given), { name: 'ClientError', code: 'WAMP_ERR_INVALID_OPTION', message }, message)
})

t.test('an unknown option is refused by name', async (t) => {
  t.match(await fault({ relam: 'realm1' }), { code: 'WAMP_ERR_INVALID_OPTION', message: 'option "relam" is not an option' })
  t.match(await fault({ retry: { attempts: 0, maximum: 5 } }), { code: 'WAMP_ERR_INVALID_OPTION', message: 'option "maximum" is not an option' })
})

t.test('options that are not an object are refused', async (t) => {
  for (const given of [null, 5, 'realm1', []] as never[]) await t.rejects(connect(url, given), { code: 'WAMP_ERR_INVALID_OPTION', message: 'option "options" must be an object' })
})

t.test('every valid option is accepted, and undefined counts as absent', async (t) => {
  const all: Record<keyof ConnectOptions, unknown> = {
    realm: null, cookie: false, login: () => ({}), serializers: [{ subprotocol: 'wamp.2.json' }], retry: { first: 0, most: 0, attempts: 0 }, handshakeTimeout: 1000, queue: Infinity, signal: new AbortController().signal, onState () {}, onError () {}, WebSocket, headers: {}
  }
  for (const given of [...Object.entries(all).map(([name, value]) => ({ [name]: value })), { login: { method: 'ticket', authid: 'joe', begin: () => ({}) } }, { realm: 'realm1' }]) {
    t.match(await fault(given), { code: /^wamp\.error\./ }, JSON.stringify(given))
  }
  for (const name of Object.keys(all).filter((name) => name !== 'WebSocket' && name !== 'retry')) t.match(await fault({ [name]: undefined }), { code: 'wamp.error.network_failure' }, name)
})

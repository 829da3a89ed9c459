import type { Test } from 'tap'
import type { FastifyWampOptions, RealmOptions, RoleOptions } from 'fastify-wamp'
import { everything } from './build-router.ts'
import type { Peer } from './peer.ts'
import { buildHost } from './transports.ts'
import type { ClientOver, ClientTransport, Host } from './transports.ts'
import { HELLO, WireClient } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

/** What INTERRUPT needs of a callee. */
export const canceling = { ...HELLO[2].roles, callee: { features: { call_canceling: true } } }

/** An app, and three clients that are logged in: alice and bob with the role `user`, carol with the role `staff`. */
export interface Parties<T extends ClientTransport = ClientTransport> extends Host<T> {
  readonly alice: ClientOver<T>
  readonly bob: ClientOver<T>
  readonly carol: ClientOver<T>
  /** A further client that is logged in. */
  login (authid: Authid, announced?: object): Promise<ClientOver<T>>
}

/** What a party's test may choose. */
export interface PartyOptions {
  /** The role `user`; `staff` may always do everything. */
  readonly user?: RoleOptions
  readonly realm?: Omit<RealmOptions, 'roles'>
  /** What all of them announce in HELLO. */
  readonly announced?: object
  readonly plugin?: Partial<FastifyWampOptions>
}

const principals = {
  alice: { ticket: 'of alice', role: 'user' },
  bob: { ticket: 'of bob', role: 'user' },
  carol: { ticket: 'of carol', role: 'staff' }
}

type Authid = keyof typeof principals

/** Says HELLO for a principal, and proves who it is. */
async function proveTicket<P extends Peer> (client: P, authid: Authid, announced: object): Promise<P> {
  await client.ask([1, 'realm1', { roles: announced, authmethods: ['ticket'], authid }])
  const [type, id] = await client.ask([5, principals[authid].ticket, {}])
  if (type !== 2) throw new Error(`${authid} is not welcome`)
  client.id = Number(id)
  return client
}

/** A further client on the wire that is logged in. */
export async function login (t: Test, url: string, codec: WireCodec, authid: Authid, announced: object = canceling): Promise<WireClient> {
  return await proveTicket(await WireClient.connect(t, url, codec), authid, announced)
}

/** An app, and three clients of it over one transport. */
export async function buildParties<T extends ClientTransport> (t: Test, transport: T, { user = everything, realm = {}, announced = canceling, plugin = {} }: PartyOptions = {}): Promise<Parties<T>> {
  const host = await buildHost(t, transport, { auth: { ticket: { type: 'static', principals } }, realms: { realm1: { ...realm, roles: { user, staff: everything } } }, ...plugin })
  const login = async (authid: Authid, roles: object = canceling): Promise<ClientOver<T>> => await proveTicket<ClientOver<T>>(await host.connect(), authid, roles)
  return { ...host, login, alice: await login('alice', announced), bob: await login('bob', announced), carol: await login('carol', announced) }
}

/** A message without its payload: what an ERROR tells machines. */
export function head (message: readonly unknown[]): unknown[] {
  return message.slice(0, message[0] === 8 ? 5 : 4)
}

/** An EVENT or INVOCATION from its details on, without the ids that the router chose: `t.match` would overlook what is too much. */
export function told (message: readonly unknown[]): unknown[] {
  return message.slice(3)
}

/** The ABORT that answers a violation, for `t.match`. */
export const violation = [3, { message: String }, 'wamp.error.protocol_violation']

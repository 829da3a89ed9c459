import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { FastifyWampOptions, RealmOptions, RoleOptions } from 'fastify-wamp'
import { buildApp } from './build-app.ts'
import { everything } from './build-router.ts'
import { HELLO, WireClient } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

/** What INTERRUPT needs of a callee. */
export const canceling = { ...HELLO[2].roles, callee: { features: { call_canceling: true } } }

/** Three clients that are logged in: alice and bob with the role `user`, carol with the role `staff`. */
export interface Parties {
  readonly app: FastifyInstance
  readonly url: string
  readonly alice: WireClient
  readonly bob: WireClient
  readonly carol: WireClient
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

/** Logs a client in by its ticket. */
export async function login (t: Test, url: string, codec: WireCodec, authid: keyof typeof principals, announced: object = canceling): Promise<WireClient> {
  const client = await WireClient.connect(t, url, codec)
  await client.ask([1, 'realm1', { roles: announced, authmethods: ['ticket'], authid }])
  const [type, id] = await client.ask([5, principals[authid].ticket, {}])
  if (type !== 2) throw new Error(`${authid} is not welcome`)
  client.id = Number(id)
  return client
}

/** An app, and three clients of it. */
export async function buildParties (t: Test, codec: WireCodec, { user = everything, realm = {}, announced = canceling, plugin = {} }: PartyOptions = {}): Promise<Parties> {
  const { app, url } = await buildApp(t, { auth: { ticket: { type: 'static', principals } }, realms: { realm1: { ...realm, roles: { user, staff: everything } } }, ...plugin })
  const [alice, bob, carol] = [await login(t, url, codec, 'alice', announced), await login(t, url, codec, 'bob', announced), await login(t, url, codec, 'carol', announced)]
  return { app, url, alice, bob, carol }
}

/** A message without its payload: what an ERROR tells machines. */
export function head (message: readonly unknown[]): unknown[] {
  return message.slice(0, message[0] === 8 ? 5 : 4)
}

/** The ABORT that answers a violation, for `t.match`. */
export const violation = [3, { message: String }, 'wamp.error.protocol_violation']

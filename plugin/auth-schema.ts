import { also, byKey, count, flag, keyOf, listOf, mapOf, record, required, schema, schemasOf, text, variantsBy } from './typed-schema.ts'
import type { SchemaOf } from './typed-schema.ts'
import type { AnonymousOptions, AuthOptions, CookieAuthOptions, CryptosignOptions, CryptosignPrincipal, DynamicAuthOptions, FunctionAuthOptions, TicketOptions, TlsOptions, TlsPrincipal, WampCraOptions, WampCraUser, WampScramOptions, WampScramPrincipal } from './auth-options.ts'
import type { MethodType } from './auth/method-type.ts'
import type { Authenticator } from './auth/authenticator.ts'

const ed25519 = schema<string>({ type: 'string', pattern: '^[0-9A-Fa-f]{64}$', is: 'must be a key of 64 hexadecimal digits' })
const key = schema<string>({ type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$', is: 'must be 32 octets in Base64' })
const salt = schema<string>({ type: 'string', pattern: '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$', is: 'must be Base64' })
const fingerprint = (octets: number): SchemaOf<string> => schema({ type: 'string', pattern: `^([0-9A-Fa-f]{2}:?){${octets - 1}}[0-9A-Fa-f]{2}$`, is: `must be a fingerprint of ${octets} octets in hexadecimal digits, with or without colons` })

const byFunction = record<FunctionAuthOptions>()({ type: keyOf(), authenticator: required(schema<Authenticator>({ instance: 'function' })) })
const byProcedure = record<DynamicAuthOptions>()({
  type: keyOf(), authenticator: required(text), authenticatorRealm: text, authenticatorRole: text, defaultRole: text
})

/** A method with static options of its own type, or with those of the other two types. */
function method<O extends { type: 'static' }> (options: SchemaOf<O>): SchemaOf<O | DynamicAuthOptions | FunctionAuthOptions> {
  return schema(variantsBy('type', { static: options, dynamic: byProcedure, function: byFunction } satisfies Record<MethodType, unknown>))
}

const ticketPrincipal = record<TicketOptions['principals'][string]>()({ ticket: required(text), role: required(text), realm: text })
const wampCraUser = record<WampCraUser>()({
  secret: required(text), role: required(text), realm: text, salt: text, iterations: count, keylen: count, secretIsPlain: flag
})
const scram = {
  kdf: keyOf<WampScramPrincipal['kdf']>(),
  salt: required(salt),
  iterations: required(count),
  storedKey: required(key),
  serverKey: required(key),
  role: required(text),
  realm: text
}
const scramPrincipal = byKey<WampScramPrincipal>()('kdf', {
  pbkdf2: schema(record<Omit<WampScramPrincipal, 'memory'>>()(scram)),
  argon2id13: schema(record<WampScramPrincipal & { memory: number }>()({ ...scram, memory: required(schema<number>({ type: 'integer', minimum: 8 })) }))
})
const cryptosignPrincipal = record<CryptosignPrincipal>()({ authorizedKeys: required(listOf(ed25519)), role: required(text), realm: text })
const tlsPrincipal = also(
  record<TlsPrincipal>()({ certificateSha1: fingerprint(20), certificateSha256: fingerprint(32), role: required(text), realm: text }),
  { anyOf: [{ required: ['certificateSha256'] }, { required: ['certificateSha1'] }] }
)

/** The schemas of the methods of the router. */
const methods = schemasOf<AuthOptions>()({
  anonymous: method(record<AnonymousOptions>()({ type: keyOf(), role: text, authid: text, realm: text })),
  ticket: method(record<TicketOptions>()({ type: keyOf(), principals: required(mapOf(ticketPrincipal)) })),
  wampcra: method(record<WampCraOptions>()({ type: keyOf(), users: required(mapOf(wampCraUser)) })),
  'wamp-scram': method(record<WampScramOptions>()({ type: keyOf(), principals: required(mapOf(scramPrincipal)) })),
  cryptosign: method(record<CryptosignOptions>()({ type: keyOf(), principals: required(mapOf(cryptosignPrincipal)), privateKey: ed25519 })),
  tls: method(record<TlsOptions>()({ type: keyOf(), principals: required(mapOf(tlsPrincipal)) })),
  cookie: record<CookieAuthOptions>()({ verify: schema<NonNullable<CookieAuthOptions['verify']>>({ instance: 'function' }) })
})

/** The names of the methods of the router. */
export const methodNames: readonly string[] = Object.keys(methods)

/** The schema of `auth`. Custom methods may have any name. */
export const auth = schema<AuthOptions>({
  type: 'object',
  properties: methods,
  additionalProperties: byKey<FunctionAuthOptions>()('type', { function: byFunction })
})

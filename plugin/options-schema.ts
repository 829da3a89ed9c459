import { Ajv } from 'ajv'
import type { SchemaObject } from 'ajv'
import type { FastifyInstance } from 'fastify'
import type { TlsOptions } from 'node:tls'
import { auth, methodNames } from './auth-schema.ts'
import type { SerializerName } from './codec/codec.ts'
import type { Contract, ProcedureContract, TopicContract } from './contract/contract.ts'
import type { JsonSchema } from './contract/schema-types.ts'
import type { CookieOptions, DatabaseStoreOptions, FileStoreOptions, MemoryStoreOptions } from './cookie-options.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import { storeFault } from './cookie/store-fault.ts'
import { closest } from './did-you-mean.ts'
import type { LongPollOptions } from './longpoll-options.ts'
import { LONGEST_TIMER } from './longest-timer.ts'
import { describeFault, vocabulary } from './option-faults.ts'
import type { OptionFault } from './option-faults.ts'
import type { BridgeOptions, ConsoleOptions, EndpointOptions, EventHistoryOptions, FailedLoginOptions, FastifyWampOptions, FileOptions, LimitOptions, PermissionOptions, PortOptions, RealmOptions, RoleOptions, SlowSubscriberOptions, StaticOptions } from './options.ts'
import type { Dialect } from './protocol/dialect.ts'
import { isUri } from './protocol/uri.ts'
import type { MatchPolicy, UriCheck } from './protocol/uri.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import { also, byKey, count, flag, keyOf, listOf, mapOf, oneOf, record, required, schema, schemasOf, text } from './typed-schema.ts'
import type { SchemaOf } from './typed-schema.ts'

type Of<T, K extends keyof T> = NonNullable<T[K]>

const anyText = schema<string>({ type: 'string' })
const number = schema<number>({ type: 'integer', minimum: 0 })
const bytes = also(count, { unit: 'bytes' })
const seconds = also(count, { unit: 'seconds' })
const secondsTo = (maximum: number, minimum = 0): SchemaOf<number> => schema({ type: 'integer', unit: 'seconds', minimum, maximum })
const milliseconds = schema<number>({ type: 'integer', unit: 'milliseconds', minimum: 1, maximum: LONGEST_TIMER })
const millisecondsOrNone = also(milliseconds, { minimum: 0 })
const path = schema<string>({ type: 'string', pattern: '^/', is: 'must be a path that begins with "/"' })
const basePath = schema<string>({ type: 'string', pattern: '^(/[^/?#:*]+)+$', is: 'must be a path that begins with "/" and does not end with it, without parameters' })
const match = oneOf<MatchPolicy>()('exact', 'prefix', 'wildcard')

const permission = record<PermissionOptions>()({
  uri: required(anyText),
  match,
  allow: record<Of<PermissionOptions, 'allow'>>()({ call: flag, register: flag, forceReregister: flag, publish: flag, subscribe: flag }),
  disclose: record<Of<PermissionOptions, 'disclose'>>()({ caller: flag, publisher: flag }),
  trustlevel: number,
  cache: flag
})
const role = record<RoleOptions>()({
  permissions: listOf(permission), authorizer: schema<Of<RoleOptions, 'authorizer'>>({ instance: 'URI or function' }), allowDiscloseMe: flag
})

const jsonSchema = schema<JsonSchema>({ type: 'object' })
const ofTopic = schemasOf<TopicContract>()({ description: anyText, args: jsonSchema, kwargs: jsonSchema })
const status = schema<number>({ type: 'integer', minimum: 400, maximum: 599 })
const procedure = record<ProcedureContract>()({ ...ofTopic, result: jsonSchema, progress: jsonSchema, errors: mapOf(status) })
const contract = record<Contract>()({ procedures: mapOf(procedure), topics: mapOf(record<TopicContract>()(ofTopic)) })

const realm = record<RealmOptions>()({
  roles: required(mapOf(role, { propertyNames: { pattern: '.' } })),
  uriCheck: oneOf<UriCheck>()('loose', 'strict'),
  strictRequestIds: flag,
  eventHistory: listOf(record<EventHistoryOptions>()({ uri: required(anyText), match, limit: count })),
  slowSubscribers: listOf(record<SlowSubscriberOptions>()({
    uri: required(anyText),
    match,
    policy: required(oneOf<SlowSubscriberOptions['policy']>()('drop-newest', 'drop-oldest', 'keep-latest', 'close')),
    publishersWait: millisecondsOrNone
  })),
  contract
})

/** The options of a store, which have a type, unlike a store of the app. */
type BuiltInStore = Extract<Of<CookieOptions, 'store'>, { type: string }>
const builtInStore = byKey<BuiltInStore>()('type', {
  memory: record<MemoryStoreOptions>()({ type: keyOf() }),
  file: record<FileStoreOptions>()({ type: keyOf(), filename: required(text), purgeOnStartup: flag }),
  database: record<DatabaseStoreOptions>()({
    type: keyOf(),
    path: required(text),
    maxSize: schema<number>({ type: 'integer', unit: 'bytes', minimum: 131072, maximum: 137438953472 }),
    readonly: flag,
    sync: flag,
    purgeOnStartup: flag
  })
})
const cookie = record<CookieOptions>()({
  store: schema<Of<CookieOptions, 'store'>>({ if: { type: 'object', required: ['type'] }, then: builtInStore, else: { instance: 'cookie store' } }),
  name: schema<string>({ type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", is: 'must be a valid cookie name' }),
  length: schema<number>({ type: 'integer', unit: 'characters', minimum: 22, maximum: 64 }),
  maxAge: secondsTo(311040000, 1),
  secure: oneOf<Of<CookieOptions, 'secure'>>()(true, false, 'auto'),
  httpOnly: flag,
  sameSite: oneOf<Of<CookieOptions, 'sameSite'>>()('strict', 'lax', 'none'),
  partitioned: flag,
  path: schema<string>({ type: 'string', pattern: '^/[\\x20-\\x3a\\x3c-\\x7e]*$', is: 'must be a path that begins with "/", of printable ASCII without ";"' }),
  idleTimeout: secondsTo(311040000),
  rotateAfter: secondsTo(311040000),
  secret: schema<Of<CookieOptions, 'secret'>>({ type: ['string', 'array'], items: { type: 'string' }, is: 'must be a string, or a list of strings' }),
  recheck: secondsTo(2000000, 1)
})

const origin = schema<string>({ type: 'string', pattern: '^(\\*|[a-z][a-z0-9+.-]*://[^/]+)$', is: 'must be "*" or an origin such as "https://app.example", without a path and without a "/" at its end' })
const host = schema<string>({ type: 'string', pattern: '^([a-z0-9._-]+|\\[[0-9a-f:.]+\\])$', is: 'must be a host name in lower case, without scheme and port' })
// The members of the app's own serializers are checked separately, because they may be inherited.
const serializer = {
  if: { type: 'object' }, else: also(oneOf<SerializerName>()('json', 'msgpack', 'cbor'), { is: 'must be one of json, msgpack, cbor, or an object with "name", "encode" and "decode"' })
}
const serializers = listOf(schema<Of<EndpointOptions, 'serializers'>[number]>(serializer), { minItems: 1 })
const endpoint = schemasOf<EndpointOptions>()({
  path,
  auth,
  cookie,
  allowedOrigins: listOf(origin),
  allowedHosts: listOf(host, { minItems: 1 }),
  requireOrigin: oneOf<Of<EndpointOptions, 'requireOrigin'>>()('auto', true, false),
  serializers,
  batched: flag
})

const limits = record<LimitOptions>()({
  pendingCalls: count,
  pendingInvocations: count,
  subscriptions: count,
  registrations: count,
  testaments: count,
  retainedEvents: count,
  bufferedBytes: bytes,
  heldBytes: bytes,
  parkedBytes: bytes,
  storedBytes: bytes,
  connectionsOfAddress: number,
  upgradesPerSecond: number,
  sessionsOfRealm: number,
  sessionsOfAuthid: number,
  messagesPerSecond: number,
  bytesPerSecond: number,
  // More than a stream takes before it asks for a pause: else it would not tell when it has been read.
  bufferedEventBytes: also(bytes, { minimum: 2 ** 16 }),
  // ws reads 32 bits of it: more would be no limit at all.
  messageSize: also(bytes, { maximum: 2 ** 30 }),
  // Values are walked by recursion.
  depth: schema<number>({ type: 'integer', minimum: 1, maximum: 1000 })
})

const staticFiles = record<StaticOptions>()({ root: required(schema<StaticOptions['root']>({ instance: 'path or file URL' })), prefix: path })
const files = schemasOf<FileOptions>()({
  static: schema<Of<FileOptions, 'static'>>({ if: { type: 'array' }, then: listOf(staticFiles), else: staticFiles }),
  client: schema<string>({ type: 'string', pattern: '^/[^?#:*]+\\.js$', is: 'must be a path that begins with "/" and ends with ".js", such as "/wamp-client.js", without parameters' })
})
/** Fastify applies it to a plugin's scope, and this plugin has none of its own. */
interface Unscoped { prefix?: never }
const unscoped = schemasOf<Unscoped>()({
  prefix: schema<never>({ not: {}, is: 'is not supported: write it into "path", or register fastify-wamp inside a plugin that has the prefix' })
})

const plugin = record<FastifyWampOptions & Unscoped>()({
  ...endpoint,
  ...unscoped,
  realms: required(mapOf(realm, { minProperties: 1, is: 'must be an object with at least one realm' })),
  ...files,
  dialect: oneOf<Dialect>()('wamp', 'crossbar'),
  handshakeTimeout: milliseconds,
  authorizerTimeout: milliseconds,
  shutdown: oneOf<Of<FastifyWampOptions, 'shutdown'>>()('close', 'goodbye'),
  shutdownTimeout: milliseconds,
  shutdownSpread: millisecondsOrNone,
  pingInterval: millisecondsOrNone,
  limits,
  failedLogins: record<FailedLoginOptions>()({ address: count, authid: count, cookie: count, recovery: seconds })
})
// `auth` is the same everywhere, and those who resolve the options say why a method is not possible over a transport.
const rawSocket = record<RawSocketOptions>()({
  port: schema<number>({ type: 'integer', minimum: 0, maximum: 65535, is: 'must be a port number from 0 to 65535' }),
  host: text,
  path: text,
  sharePort: flag,
  tls: schema<TlsOptions>({ type: 'object' }),
  auth: schema<Of<RawSocketOptions, 'auth'>>(auth),
  pings: flag,
  serializers
})
const longPoll = record<LongPollOptions & Unscoped>()({
  ...endpoint, path: basePath, auth: schema<Of<LongPollOptions, 'auth'>>(auth), ...unscoped, requestTimeout: milliseconds, sessionTimeout: milliseconds
})
const bridge = record<BridgeOptions>()({
  call: path,
  publish: path,
  events: path,
  as: record<Of<BridgeOptions, 'as'>>()({ realm: required(text), role: required(text), authid: text }),
  signature: record<Of<BridgeOptions, 'signature'>>()({ key: required(text), secret: required(text), tolerance: seconds }),
  allowedNetworks: schema<readonly string[]>({ type: 'array', minItems: 1, items: { type: 'string' }, is: 'must be a list of IP addresses and networks' })
})

// Optimizing the code takes longer than the few validations that it serves.
const ajv = new Ajv({ code: { optimize: false }, allowUnionTypes: true, strictTypes: false, strictRequired: false, verbose: true })
ajv.addVocabulary([...vocabulary])
ajv.addKeyword({
  keyword: 'instance',
  schemaType: 'string',
  error: { message: ({ schema }) => `must be a ${String(schema)}` },
  validate: (name: string, value: unknown) => {
    if (name === 'function') return typeof value === 'function'
    if (name === 'URI or function') return typeof value === 'function' || isUri(value)
    if (name === 'path or file URL') return (typeof value === 'string' && value !== '') || (value instanceof URL && value.protocol === 'file:')
    return storeFault(value) === null
  }
})

const schemas = {
  plugin,
  port: record<PortOptions>()({ ...files, app: required(schema<FastifyInstance>(true)) }),
  rawSocket,
  longPoll,
  customTransport: record<CustomTransportOptions>()({ auth: schema<Of<CustomTransportOptions, 'auth'>>(auth), serializers: endpoint.serializers }),
  endpoint: record<EndpointOptions & Unscoped>()({ ...endpoint, ...unscoped }),
  bridge,
  console: record<ConsoleOptions>()({ path: required(basePath), role: required(text), realm: text }),
  procedure
}

/** The first fault of options against their JSON schema, or null. */
export function findFault (options: unknown, of: keyof typeof schemas): OptionFault | null {
  // Compiled when it is first needed, because this takes longer than loading everything else. Ajv keeps the result.
  const validate = ajv.compile(schemas[of] as unknown as SchemaObject)
  if (validate(options)) return null
  // An `if` says no more than that its branch failed: the branch's own error stands before it.
  return misspeltMethod((options as { auth?: unknown } | null | undefined)?.auth) ?? describeFault(validate.errors![0]!)
}

/** Methods of an app's own may have any name, so that `scram` is one to the schema. */
function misspeltMethod (given: unknown): OptionFault | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  for (const [name, options] of Object.entries(given)) {
    if (methodNames.includes(name) || (options as { type?: unknown } | null)?.type === 'function') continue
    const meant = closest(name, methodNames)
    const hint = meant === null ? `: the methods are ${methodNames.join(', ')}.` : `: did you mean "${meant}"?`
    return { path: `auth.${name}`, expected: `is not a method of the router${hint} A custom method requires type "function"` }
  }
  return null
}

import { Ajv } from 'ajv'
import type { SchemaObject } from 'ajv'
import { storeFault } from './cookie/store-fault.ts'
import { closest } from './did-you-mean.ts'
import { LONGEST_TIMER } from './longest-timer.ts'
import { describeFault, vocabulary } from './option-faults.ts'
import type { OptionFault } from './option-faults.ts'
import { isUri } from './protocol/uri.ts'

const text = { type: 'string', minLength: 1 }
const flag = { type: 'boolean' }
const count = { type: 'integer', minimum: 1 }
const bytes = { ...count, unit: 'bytes' }
const milliseconds = { type: 'integer', unit: 'milliseconds', minimum: 1, maximum: LONGEST_TIMER }
const path = { type: 'string', pattern: '^/', is: 'must be a path that begins with "/"' }
const basePath = { type: 'string', pattern: '^(/[^/?#:*]+)+$', is: 'must be a path that begins with "/" and does not end with it, without parameters' }

function record (properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: 'object', properties, required, additionalProperties: false }
}
function mapOf (values: object, limits: object = {}): object {
  return { type: 'object', additionalProperties: values, ...limits }
}
/** One of several objects that one key, such as `type`, tells apart: the error is about the one that is meant. */
function byKey (key: string, variants: Readonly<Record<string, object>>): object {
  return {
    type: 'object',
    required: [key],
    properties: { [key]: { enum: Object.keys(variants) } },
    allOf: Object.entries(variants).map(([value, then]) => ({
      if: { required: [key], properties: { [key]: { const: value } } }, then
    }))
  }
}
function byType (variants: Readonly<Record<string, object>>): object {
  return byKey('type', variants)
}

const match = { enum: ['exact', 'prefix', 'wildcard'] }

const permission = record({
  uri: { type: 'string' },
  match,
  allow: record({ call: flag, register: flag, forceReregister: flag, publish: flag, subscribe: flag }),
  disclose: record({ caller: flag, publisher: flag }),
  trustlevel: { type: 'integer', minimum: 0 },
  cache: flag
}, ['uri'])

const schema = { type: 'object' }
const ofTopic = { description: { type: 'string' }, args: schema, kwargs: schema }
const status = { type: 'integer', minimum: 400, maximum: 599 }
const procedure = record({ ...ofTopic, result: schema, progress: schema, errors: mapOf(status) })
const contract = record({
  procedures: mapOf(procedure),
  topics: mapOf(record(ofTopic))
})

const realm = record({
  roles: mapOf(record({ permissions: { type: 'array', items: permission }, authorizer: { instance: 'URI or function' }, allowDiscloseMe: flag }), { propertyNames: { pattern: '.' } }),
  uriCheck: { enum: ['loose', 'strict'] },
  strictRequestIds: flag,
  eventHistory: { type: 'array', items: record({ uri: { type: 'string' }, match, limit: count }, ['uri']) },
  slowSubscribers: { type: 'array', items: record({ uri: { type: 'string' }, match, policy: { enum: ['drop-newest', 'drop-oldest', 'keep-latest', 'close'] }, publishersWait: { ...milliseconds, minimum: 0 } }, ['uri', 'policy']) },
  contract
}, ['roles'])

const ed25519 = { type: 'string', pattern: '^[0-9A-Fa-f]{64}$', is: 'must be a key of 64 hexadecimal digits' }
const key = { type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$', is: 'must be 32 octets in Base64' }
const scram = {
  kdf: true as unknown as object,
  salt: { type: 'string', pattern: '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$', is: 'must be Base64' },
  iterations: count,
  storedKey: key,
  serverKey: key,
  role: text,
  realm: text
}
const scramKeys = ['salt', 'iterations', 'storedKey', 'serverKey', 'role']
const fingerprint = (octets: number): object => ({ type: 'string', pattern: `^([0-9A-Fa-f]{2}:?){${octets - 1}}[0-9A-Fa-f]{2}$`, is: `must be a fingerprint of ${octets} octets in hexadecimal digits, with or without colons` })
const byFunction = record({ type: true as unknown as object, authenticator: { instance: 'function' } }, ['authenticator'])
const byProcedure = record({
  type: true as unknown as object, authenticator: text, authenticatorRealm: text, authenticatorRole: text, defaultRole: text
}, ['authenticator'])
const kind = { type: true as unknown as object }

const auth = {
  type: 'object',
  properties: {
    anonymous: byType({ static: record({ ...kind, role: text, authid: text, realm: text }), dynamic: byProcedure, function: byFunction }),
    ticket: byType({
      static: record({ ...kind, principals: mapOf(record({ ticket: text, role: text, realm: text }, ['ticket', 'role'])) }, ['principals']),
      dynamic: byProcedure,
      function: byFunction
    }),
    wampcra: byType({
      static: record({
        ...kind,
        users: mapOf(record({
          secret: text, role: text, realm: text, salt: text, iterations: count, keylen: count, secretIsPlain: flag
        }, ['secret', 'role']))
      }, ['users']),
      dynamic: byProcedure,
      function: byFunction
    }),
    'wamp-scram': byType({
      static: record({
        ...kind,
        principals: mapOf(byKey('kdf', {
          pbkdf2: record(scram, scramKeys), argon2id13: record({ ...scram, memory: { type: 'integer', minimum: 8 } }, [...scramKeys, 'memory'])
        }))
      }, ['principals']),
      dynamic: byProcedure,
      function: byFunction
    }),
    cryptosign: byType({
      static: record({
        ...kind,
        principals: mapOf(record({ authorizedKeys: { type: 'array', items: ed25519 }, role: text, realm: text }, ['authorizedKeys', 'role'])),
        privateKey: ed25519
      }, ['principals']),
      dynamic: byProcedure,
      function: byFunction
    }),
    tls: byType({
      static: record({
        ...kind,
        principals: mapOf({
          ...record({ certificateSha1: fingerprint(20), certificateSha256: fingerprint(32), role: text, realm: text }, ['role']),
          anyOf: [{ required: ['certificateSha256'] }, { required: ['certificateSha1'] }]
        })
      }, ['principals']),
      dynamic: byProcedure,
      function: byFunction
    }),
    cookie: record({ verify: { instance: 'function' } })
  },
  additionalProperties: byType({ function: byFunction })
}

const cookie = record({
  store: {
    if: { type: 'object', required: ['type'] },
    then: byType({
      memory: record(kind),
      file: record({ ...kind, filename: text, purgeOnStartup: flag }, ['filename']),
      database: record({
        ...kind, path: text, maxSize: { type: 'integer', unit: 'bytes', minimum: 131072, maximum: 137438953472 }, readonly: flag, sync: flag, purgeOnStartup: flag
      }, ['path'])
    }),
    else: { instance: 'cookie store' }
  },
  name: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", is: 'must be a valid cookie name' },
  length: { type: 'integer', unit: 'characters', minimum: 22, maximum: 64 },
  maxAge: { type: 'integer', unit: 'seconds', minimum: 1, maximum: 311040000 },
  secure: { enum: [true, false, 'auto'] },
  httpOnly: flag,
  sameSite: { enum: ['strict', 'lax', 'none'] },
  partitioned: flag,
  path: { type: 'string', pattern: '^/[\\x20-\\x3a\\x3c-\\x7e]*$', is: 'must be a path that begins with "/", of printable ASCII without ";"' },
  idleTimeout: { type: 'integer', unit: 'seconds', minimum: 0, maximum: 311040000 },
  rotateAfter: { type: 'integer', unit: 'seconds', minimum: 0, maximum: 311040000 },
  secret: { type: ['string', 'array'], items: { type: 'string' }, is: 'must be a string, or a list of strings' },
  recheck: { type: 'integer', unit: 'seconds', minimum: 1, maximum: 2000000 }
})

const staticFiles = record({ root: { instance: 'path or file URL' }, prefix: path }, ['root'])

const endpoint = {
  path,
  auth,
  cookie,
  allowedOrigins: { type: 'array', items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9+.-]*://[^/]+)$', is: 'must be "*" or an origin such as "https://app.example", without a path and without a "/" at its end' } },
  allowedHosts: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^([a-z0-9._-]+|\\[[0-9a-f:.]+\\])$', is: 'must be a host name in lower case, without scheme and port' } },
  requireOrigin: { enum: ['auto', true, false] },
  serializers: { type: 'array', minItems: 1, items: { enum: ['json', 'msgpack', 'cbor'] } },
  batched: flag
}

const limits = record({
  ...Object.fromEntries(['pendingCalls', 'pendingInvocations', 'subscriptions', 'registrations', 'testaments', 'retainedEvents'].map((name) => [name, count])),
  ...Object.fromEntries(['bufferedBytes', 'heldBytes', 'parkedBytes', 'storedBytes'].map((name) => [name, bytes])),
  ...Object.fromEntries(['connectionsOfAddress', 'upgradesPerSecond', 'sessionsOfRealm', 'sessionsOfAuthid', 'messagesPerSecond', 'bytesPerSecond'].map((name) => [name, { type: 'integer', minimum: 0 }])),
  // More than a stream takes before it asks for a pause: else it would not tell when it has been read.
  bufferedEventBytes: { ...bytes, minimum: 2 ** 16 },
  // ws reads 32 bits of it: more would be no limit at all.
  messageSize: { ...bytes, maximum: 2 ** 30 },
  // Values are walked by recursion.
  depth: { type: 'integer', minimum: 1, maximum: 1000 }
})

const ajv = new Ajv({ allowUnionTypes: true, strictTypes: false, strictRequired: false, verbose: true })
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

const fileOptions = {
  static: { if: { type: 'array' }, then: { type: 'array', items: staticFiles }, else: staticFiles },
  client: { type: 'string', pattern: '^/[^?#:*]+\\.js$', is: 'must be a path that begins with "/" and ends with ".js", such as "/wamp-client.js", without parameters' }
}
const validatePort = ajv.compile(record({ ...fileOptions, app: true as unknown as object }, ['app']) as SchemaObject)
// Fastify applies it to a plugin's scope, and this plugin has none of its own.
const prefix = { not: {}, is: 'is not supported: write it into "path", or register fastify-wamp inside a plugin that has the prefix' }
const validateEndpoint = ajv.compile(record({ ...endpoint, prefix }) as SchemaObject)
const validatePlugin = ajv.compile(record({
  ...endpoint,
  prefix,
  realms: mapOf(realm, { minProperties: 1, is: 'must be an object with at least one realm' }),
  ...fileOptions,
  dialect: { enum: ['wamp', 'crossbar'] },
  handshakeTimeout: milliseconds,
  authorizerTimeout: milliseconds,
  shutdown: { enum: ['close', 'goodbye'] },
  shutdownTimeout: milliseconds,
  shutdownSpread: { ...milliseconds, minimum: 0 },
  pingInterval: { ...milliseconds, minimum: 0 },
  limits,
  failedLogins: record({ address: count, authid: count, cookie: count, recovery: { ...count, unit: 'seconds' } })
}, ['realms']) as SchemaObject)

const validateRawSocket = ajv.compile(record({
  port: { type: 'integer', minimum: 0, maximum: 65535, is: 'must be a port number from 0 to 65535' }, host: text, path: text, tls: { type: 'object' }, auth, pings: flag, serializers: endpoint.serializers
}) as SchemaObject)
const validateLongPoll = ajv.compile(record({
  ...endpoint,
  path: basePath,
  prefix,
  requestTimeout: milliseconds,
  sessionTimeout: milliseconds
}) as SchemaObject)
const validateCustomTransport = ajv.compile(record({ auth, serializers: endpoint.serializers }) as SchemaObject)
const validateBridge = ajv.compile(record({
  call: path,
  publish: path,
  events: path,
  as: record({ realm: text, role: text, authid: text }, ['realm', 'role']),
  signature: record({ key: text, secret: text, tolerance: { ...count, unit: 'seconds' } }, ['key', 'secret']),
  allowedNetworks: { type: 'array', minItems: 1, items: { type: 'string' }, is: 'must be a list of IP addresses and networks' }
}) as SchemaObject)
const validateConsole = ajv.compile(record({ path: basePath, role: text, realm: text }, ['path', 'role']) as SchemaObject)
const validators = { plugin: validatePlugin, port: validatePort, rawSocket: validateRawSocket, longPoll: validateLongPoll, customTransport: validateCustomTransport, endpoint: validateEndpoint, bridge: validateBridge, console: validateConsole, procedure: ajv.compile(procedure as SchemaObject) }

/** The first fault of options against their JSON schema, or null. */
export function findFault (options: unknown, of: keyof typeof validators): OptionFault | null {
  const validate = validators[of]
  if (validate(options)) return null
  // An `if` says no more than that its branch failed: the branch's own error stands before it.
  return misspeltMethod((options as { auth?: unknown } | null | undefined)?.auth) ?? describeFault(validate.errors![0]!)
}

/** Methods of an app's own may have any name, so that `scram` is one to the schema. */
function misspeltMethod (given: unknown): OptionFault | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  const known = Object.keys(auth.properties)
  for (const [name, options] of Object.entries(given)) {
    if (known.includes(name) || (options as { type?: unknown } | null)?.type === 'function') continue
    const meant = closest(name, known)
    const hint = meant === null ? `: the methods are ${known.join(', ')}.` : `: did you mean "${meant}"?`
    return { path: `auth.${name}`, expected: `is not a method of the router${hint} A custom method requires type "function"` }
  }
  return null
}

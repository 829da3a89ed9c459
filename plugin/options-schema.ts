import { Ajv } from 'ajv'
import type { ErrorObject, SchemaObject } from 'ajv'
import { isUri } from './protocol/uri.ts'

const text = { type: 'string', minLength: 1 }
const flag = { type: 'boolean' }
const count = { type: 'integer', minimum: 1 }
const milliseconds = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 }

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
const contract = record({
  procedures: mapOf(record({ ...ofTopic, result: schema, progress: schema, errors: mapOf(status) })),
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

const ed25519 = { type: 'string', pattern: '^[0-9A-Fa-f]{64}$' }
const key = { type: 'string', pattern: '^[A-Za-z0-9+/]{43}=$' }
const scram = {
  kdf: true as unknown as object,
  salt: { type: 'string', pattern: '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$' },
  iterations: count,
  storedKey: key,
  serverKey: key,
  role: text,
  realm: text
}
const scramKeys = ['salt', 'iterations', 'storedKey', 'serverKey', 'role']
const fingerprint = (octets: number): object => ({ type: 'string', pattern: `^([0-9A-Fa-f]{2}:?){${octets - 1}}[0-9A-Fa-f]{2}$` })
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
    type: 'object',
    if: { required: ['type'] },
    then: byType({
      memory: record(kind),
      file: record({ ...kind, filename: text, purgeOnStartup: flag }, ['filename']),
      database: record({
        ...kind, path: text, maxSize: { type: 'integer', minimum: 131072, maximum: 137438953472 }, readonly: flag, sync: flag, purgeOnStartup: flag
      }, ['path'])
    }),
    else: { instance: 'cookie store, or an instance of Keyv' }
  },
  name: { type: 'string', pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" },
  length: { type: 'integer', minimum: 22, maximum: 64 },
  maxAge: { type: 'integer', minimum: 1, maximum: 311040000 },
  secure: { enum: [true, false, 'auto'] },
  httpOnly: flag,
  sameSite: { enum: ['strict', 'lax', 'none'] },
  partitioned: flag,
  path: { type: 'string', pattern: '^/[\\x20-\\x3a\\x3c-\\x7e]*$' },
  idleTimeout: { type: 'integer', minimum: 0, maximum: 311040000 },
  rotateAfter: { type: 'integer', minimum: 0, maximum: 311040000 },
  secret: { type: ['string', 'array'], items: { type: 'string' } },
  recheck: { type: 'integer', minimum: 1, maximum: 2000000 }
})

const staticFiles = record({ root: { instance: 'path or file URL' }, prefix: { type: 'string', pattern: '^/' } }, ['root'])

const endpoint = {
  path: { type: 'string', pattern: '^/' },
  auth,
  cookie,
  allowedOrigins: { type: 'array', items: { type: 'string', pattern: '^(\\*|[a-z][a-z0-9+.-]*://[^/]+)$' } },
  allowedHosts: { type: 'array', minItems: 1, items: { type: 'string', pattern: '^([a-z0-9._-]+|\\[[0-9a-f:.]+\\])$' } },
  requireOrigin: { enum: ['auto', true, false] },
  serializers: { type: 'array', minItems: 1, items: { enum: ['json', 'msgpack', 'cbor'] } },
  batched: flag
}

const limits = record({
  ...Object.fromEntries(['owed', 'pendingCalls', 'pendingInvocations', 'subscriptions', 'registrations', 'parked', 'testaments', 'retainedEvents', 'storedBytes'].map((name) => [name, count])),
  ...Object.fromEntries(['connectionsOfAddress', 'upgradesPerSecond', 'sessionsOfRealm', 'sessionsOfAuthid', 'messagesPerSecond', 'bytesPerSecond'].map((name) => [name, { type: 'integer', minimum: 0 }])),
  // More than a stream takes before it asks for a pause: else it would not tell when it has been read.
  owedEvents: { type: 'integer', minimum: 2 ** 16 },
  // ws reads 32 bits of it: more would be no limit at all.
  messageSize: { ...count, maximum: 2 ** 30 },
  // Values are walked by recursion.
  depth: { type: 'integer', minimum: 1, maximum: 1000 }
})

const ajv = new Ajv({ allowUnionTypes: true, strictTypes: false, strictRequired: false })
ajv.addKeyword({
  keyword: 'instance',
  schemaType: 'string',
  error: { message: ({ schema }) => `must be a ${String(schema)}` },
  validate: (name: string, value: unknown) => {
    if (name === 'function') return typeof value === 'function'
    if (name === 'URI or function') return typeof value === 'function' || isUri(value)
    if (name === 'path or file URL') return (typeof value === 'string' && value !== '') || (value instanceof URL && value.protocol === 'file:')
    const has = (...methods: string[]): boolean => methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
    return has('get', 'set', 'delete', 'entries', 'close') || has('get', 'set', 'delete', 'disconnect', 'on')
  }
})

const validateEndpoint = ajv.compile(record(endpoint) as SchemaObject)
const validatePlugin = ajv.compile(record({
  ...endpoint,
  realms: mapOf(realm, { minProperties: 1 }),
  static: { if: { type: 'array' }, then: { type: 'array', items: staticFiles }, else: staticFiles },
  handshakeTimeout: milliseconds,
  authorizerTimeout: milliseconds,
  shutdown: { enum: ['close', 'goodbye'] },
  shutdownTimeout: milliseconds,
  shutdownSpread: { ...milliseconds, minimum: 0 },
  pingInterval: { ...milliseconds, minimum: 0 },
  limits,
  failedLogins: record({ address: count, authid: count, cookie: count, recovery: count })
}, ['realms']) as SchemaObject)

const path = { type: 'string', pattern: '^/' }
const validateBridge = ajv.compile(record({
  call: path,
  publish: path,
  events: path,
  as: record({ realm: text, role: text, authid: text }, ['realm', 'role']),
  signature: record({ key: text, secret: text, tolerance: count }, ['key', 'secret'])
}) as SchemaObject)
const validateConsole = ajv.compile(record({ path: { type: 'string', pattern: '^(/[^/?#:*]+)+$' }, role: text, realm: text }, ['path', 'role']) as SchemaObject)
const validators = { plugin: validatePlugin, endpoint: validateEndpoint, bridge: validateBridge, console: validateConsole }

/** What is wrong with an option, and where: `path` is empty for the options as a whole. */
export interface OptionFault { readonly path: string, readonly expected: string }

/** The first fault of options against their JSON schema, or null. No value is quoted in it. */
export function findFault (options: unknown, of: keyof typeof validators): OptionFault | null {
  const validate = validators[of]
  if (validate(options)) return null
  // An `if` says no more than that its branch failed: the branch's own error stands before it.
  return describe(validate.errors![0]!)
}

function describe ({ instancePath, keyword, params, message }: ErrorObject): OptionFault {
  const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (keyword === 'additionalProperties') return { path: join([...path, String(params.additionalProperty)]), expected: 'is not an option' }
  if (keyword === 'required') return { path: join([...path, String(params.missingProperty)]), expected: 'is missing' }
  if (keyword === 'enum') return { path: join(path), expected: `must be one of ${(params.allowedValues as unknown[]).join(', ')}` }
  return { path: join(path), expected: message ?? 'is wrong' }
}

function join (path: readonly string[]): string {
  return path.reduce((whole, part) => /^\d+$/.test(part) ? `${whole}[${part}]` : whole === '' ? part : `${whole}.${part}`, '')
}

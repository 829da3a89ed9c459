import type { ProvingMethod } from '../auth-methods.ts'
import type { DynamicAuthOptions, WampScramPrincipal } from '../auth-options.ts'
import { WampError } from '../errors.ts'
import { networkOf } from '../network-of.ts'
import { defaults } from '../option-defaults.ts'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import { randomText } from '../protocol/random-octets.ts'
import type { Attempt, Authenticator, Grant } from './authenticator.ts'
import { cryptosignAuthenticator } from './cryptosign-authenticator.ts'
import { isTime } from './expiry.ts'
import { wampScramAuthenticator } from './wamp-scram-authenticator.ts'
import { wampcraAuthenticator } from './wampcra-authenticator.ts'

/**
 * Calls a procedure with a role. Rejects with the WampError of the answer. If the signal is aborted, the call is canceled, and rejects with its
 * reason. `client` is the client that causes the call: the network of its address, or the id of its future session. Its calls count together.
 */
export type CallProcedure = (call: { realm: Uri, role: string, procedure: Uri, args: Args, client: string | Id, signal: AbortSignal }) => Promise<{ args: Args, kwargs: Kwargs }>

/** No decision was made: the procedure is not registered yet, does not answer, or fails. The client may retry later. */
export class Unanswered extends Error {
  /** True if the procedure may have failed because the proof that it received was wrong. */
  readonly mayBeGuess: boolean

  constructor (procedure: Uri, error: Uri, mayBeGuess = false) {
    super(`the authenticator ${procedure} did not answer: ${error}`)
    this.mayBeGuess = mayBeGuess
  }
}

/** The answer of the procedure: the identity, and the data that verifies the proof. */
type Answer = Dict & { readonly role: string }

// The router's own errors: the authenticator did not decide.
const technical = new Set<Uri>([reasons.noSuchProcedure, reasons.noAvailableCallee, reasons.canceled, reasons.timeout, reasons.networkFailure, reasons.limitExceeded])

/** Errors that WAMP libraries and the router send for a procedure that fails. Many procedures also fail if the proof is wrong. */
const failures = new Set<Uri>([reasons.invalidArgument, reasons.runtimeError, reasons.notAuthorized, reasons.authorizationFailed])

/** Lets the static authenticator of a method verify the proof, configured with only this user. */
type Prove = (answer: Answer, attempt: Attempt & { authid: string }) => ReturnType<Authenticator>

/** How clients prove themselves after the procedure has answered. Null if they do not: the procedure has decided. */
const proofs: Readonly<Record<ProvingMethod, Prove | null>> = {
  anonymous: null,
  ticket: null,
  wampcra: proveSecret,
  'wamp-scram': provePassword,
  cryptosign: proveKey,
  tls: null
}
const provenLater: ReadonlySet<string> = new Set(Object.entries(proofs).filter(([, prove]) => prove !== null).map(([method]) => method))

/**
 * Looks up users with a WAMP procedure, as in Crossbar.io. It is called with `(realm, authid, details)`, and returns a role, or a dict of
 * role, authid, realm, extra, expires, and the data for the method: `secret` for wampcra, `pubkey` for cryptosign, and so on. The URI of a
 * raised error is the reason of the ABORT.
 */
export function dynamicAuthenticator (method: ProvingMethod, options: DynamicAuthOptions, call: CallProcedure): Authenticator {
  return async (attempt) => {
    if (method === 'tls' && attempt.tls?.peerCertificate == null) throw new WampError(reasons.authenticationDenied, { args: ['tls needs a client certificate that the server trusts'] })
    const ticket = method === 'ticket' ? { ticket: (await attempt.challenge()).signature } : {}
    const answer = toAnswer(await ask(attempt, { ...describe(attempt), ...ticket }, options, call), options)
    const authid = text(answer, 'authid') ?? (method === 'anonymous' ? attempt.pseudonym ?? randomText(12) : attempt.authid ?? text(answer, 'pubkey'))
    if (authid === undefined) throw new WampError(reasons.noSuchPrincipal, { args: ['the authenticator assigned no authid'] })
    const { proof }: Partial<Grant> = await proofs[method]?.(answer, { ...attempt, authid }) ?? {}
    const realm = text(answer, 'realm')
    const extra = dict(answer, 'extra')
    const more = { ...(realm === undefined ? {} : { realm }), ...(Object.keys(extra).length > 0 ? { extra } : {}), ...(proof === undefined ? {} : { proof }) }
    return { authid, role: answer.role, authprovider: 'dynamic', expires: time(answer, 'expires'), ...more }
  }
}

async function ask (attempt: Attempt, details: Dict, options: DynamicAuthOptions, call: CallProcedure): Promise<unknown> {
  const { realm: wanted, authid, authmethod, session, transport: { peer }, signal } = attempt
  const { authenticator: procedure, authenticatorRealm: realm = wanted, authenticatorRole: role = defaults.dynamic.authenticatorRole } = options
  if (realm === null) throw new WampError(reasons.noSuchRealm, { args: ['no realm was requested'] })
  try {
    const client = peer === undefined ? session : networkOf(peer)
    const { args } = await call({ realm, role, procedure, args: [wanted, authid ?? null, details], client, signal })
    return args[0]
  } catch (error) {
    if (error instanceof WampError && technical.has(error.error)) throw new Unanswered(procedure, error.error)
    if (error instanceof WampError && failures.has(error.error)) throw new Unanswered(procedure, error.error, !provenLater.has(authmethod))
    // The client has gone. Its guess counts: if wrong guesses take longer, it need not wait for the answer.
    if (signal.aborted && provenLater.has(authmethod)) throw new Unanswered(procedure, reasons.canceled)
    throw error
  }
}

/** The details that are passed to the procedure in addition to realm and authid. */
function describe ({ session, authmethod, authid, authrole, authextra, transport, tls }: Attempt): Dict {
  const certificate = tls?.peerCertificate ?? null
  const peer = certificate === null ? {} : { peer_cert: { subject: components(certificate.subject), issuer: components(certificate.issuer), sha1: certificate.fingerprint, sha256: certificate.fingerprint256 } }
  return {
    session, authmethod, authextra, transport: { ...transport, ...peer }, ...(authid === undefined ? {} : { authid }), ...(authrole === undefined ? {} : { authrole })
  }
}

/** The components of a certificate's name, with the keys that Crossbar.io uses: `{ cn: 'joe', o: 'Example' }`. */
function components (name: string): Dict {
  return Object.fromEntries(name.split('\n').map((component) => {
    const equals = component.indexOf('=')
    return [component.slice(0, equals).toLowerCase(), component.slice(equals + 1)]
  }))
}

function proveSecret (answer: Answer, attempt: Attempt & { authid: string }): ReturnType<Authenticator> {
  const salting = answer.salt === undefined ? {} : { salt: needed(answer, 'salt'), ...numbers(answer, 'iterations', 'keylen') }
  return wampcraAuthenticator({ users: { [attempt.authid]: { role: answer.role, secret: needed(answer, 'secret'), ...salting } } })(attempt)
}

function proveKey (answer: Answer, attempt: Attempt & { authid: string }): ReturnType<Authenticator> {
  return cryptosignAuthenticator({ principals: { [attempt.authid]: { role: answer.role, authorizedKeys: [needed(answer, 'pubkey')] } } })(attempt)
}

function provePassword (answer: Answer, attempt: Attempt & { authid: string }): ReturnType<Authenticator> {
  const { role, kdf } = answer
  if (kdf !== 'pbkdf2' && kdf !== 'argon2id13') throw new TypeError('the authenticator must return "kdf", one of pbkdf2, argon2id13')
  const principal = { role, kdf, salt: needed(answer, 'salt'), ...numbers(answer, 'iterations', 'memory'), storedKey: needed(answer, 'stored-key'), serverKey: needed(answer, 'server-key') }
  return wampScramAuthenticator({ principals: { [attempt.authid]: principal as WampScramPrincipal } })(attempt)
}

function toAnswer (answer: unknown, { defaultRole }: DynamicAuthOptions): Answer {
  if (typeof answer === 'string') return { role: answer }
  if (!isDict(answer)) throw new TypeError('the authenticator must return a role, or a dict')
  const role = text(answer, 'role') ?? defaultRole
  if (role === undefined) throw new WampError(reasons.noSuchRole, { args: ['the authenticator assigned no role'] })
  return { ...answer, role }
}

function text (answer: Dict, key: string): string | undefined {
  const { [key]: value = null } = answer
  if (value !== null && (typeof value !== 'string' || value === '')) throw new TypeError(`the authenticator's "${key}" must be a string`)
  return value ?? undefined
}

/** Its parts have no characters in common, so its time is in proportion to the text, which the client that answers chooses. */
const TIME = /^[\d+-]+T[\d:.]+(?:Z|[+-]\d\d:\d\d)$/

/** A JavaScript Date is serialized in this form. Without an offset, the time would depend on the time zone of the machine. */
function time (answer: Dict, key: string): Date | undefined {
  const value = text(answer, key)
  if (value === undefined) return undefined
  const date = new Date(TIME.test(value) ? value : NaN)
  if (!isTime(date)) throw new TypeError(`the authenticator's "${key}" must be a time such as 2030-12-31T23:59:59Z`)
  return date
}

function needed (answer: Dict, key: string): string {
  return text(answer, key) ?? fail(key)
}

function fail (key: string): never {
  throw new TypeError(`the authenticator must return "${key}"`)
}

function numbers (answer: Dict, ...keys: string[]): Record<string, number> {
  return Object.fromEntries(keys.flatMap((key) => {
    const { [key]: value = null } = answer
    if (value === null) return []
    if (!Number.isSafeInteger(value) || Number(value) < 1) throw new TypeError(`the authenticator's "${key}" must be an integer above 0`)
    return [[key, Number(value)] as const]
  }))
}

function dict (answer: Dict, key: string): Dict {
  const { [key]: value = {} } = answer
  if (!isDict(value)) throw new TypeError(`the authenticator's "${key}" must be a dict`)
  return value
}

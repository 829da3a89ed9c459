import type { Action } from '../protocol/action.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { ErrorMessage, RequestCode } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { isReserved, isUri, LONGEST_URI } from '../protocol/uri.ts'
import type { Uri } from '../protocol/uri.ts'

/** The first argument of an ERROR, for people. `textOf` creates the texts that name a URI. */
const texts: Readonly<Record<Uri, string>> = {
  [reasons.discloseMeDisallowed]: 'disclosure is not allowed here',
  [reasons.procedureAlreadyExists]: 'the procedure is already registered',
  [reasons.noSuchRegistration]: 'this session has no such registration',
  [reasons.noSuchSubscription]: 'this session has no such subscription',
  [reasons.canceled]: 'the call was canceled',
  [reasons.timeout]: 'the callee did not answer in time',
  [reasons.noAvailableCallee]: 'no callee is available',
  [reasons.featureNotSupported]: 'the callee did not announce a feature that this call requires',
  [reasons.networkFailure]: 'the callee cannot be reached',
  [reasons.invalidArgument]: 'the serializer of the receiver cannot represent the payload',
  [reasons.payloadSizeExceeded]: 'the message exceeds the size that its receiver accepts'
}

/** Only the router's own texts are cached: texts with client input would use unlimited memory. */
const payloads = new Map(Object.entries(texts).map(([error, text]) => [error, Payload.of([text])]))

/** An ERROR of the router; `text` adds details to the URI. */
export function refusal (requestType: RequestCode, request: Id, error: Uri, text?: string): ErrorMessage {
  const payload = (text === undefined ? payloads.get(error) : undefined) ?? Payload.of([text ?? error])
  return { type: MessageType.Error, requestType, request, details: noDetails, error, payload }
}

/** The maximum number of characters of a client's URI in a text. */
const QUOTED = 128

/** A request, for the text of its refusal. */
export interface Refused {
  readonly request: Id
  readonly role: string
  readonly action: Action
  readonly uri: Uri
}

const requestTypes: Readonly<Record<Action, RequestCode>> = {
  call: MessageType.Call, register: MessageType.Register, publish: MessageType.Publish, subscribe: MessageType.Subscribe
}

/** The verbs of the actions in messages. */
const verbs: Readonly<Record<Action, string>> = { call: 'call', register: 'register', publish: 'publish to', subscribe: 'subscribe to' }

/** An ERROR that names role, action and URI. Its text is created for this message and not cached. */
export function refusalOf (refused: Refused, error: Uri): ErrorMessage {
  return refusal(requestTypes[refused.action], refused.request, error, textOf(refused, error))
}

function textOf ({ role, action, uri }: Refused, error: Uri): string | undefined {
  switch (error) {
    case reasons.notAuthorized: return `the role "${role}" may not ${verbs[action]} "${quoted(uri)}"`
    case reasons.invalidUri: return `the role "${role}" cannot ${verbs[action]} "${quoted(uri)}": ${invalidityOf(action, uri)}`
    case reasons.noSuchProcedure: return `the role "${role}" cannot ${action} "${quoted(uri)}": this procedure is not registered`
    case reasons.authorizationFailed: return `the authorizer of the role "${role}" failed, so ${action} "${quoted(uri)}" is denied`
    case reasons.networkFailure: return 'other nodes of the router cannot be reached now'
    case reasons.limitExceeded: return 'limits.pendingCalls, limits.heldBytes: too many requests of this session wait for the authorizer, or their options use too much memory'
    default: return undefined
  }
}

/** The probable reason why a URI is invalid, for people. */
function invalidityOf (action: Action, uri: Uri): string {
  if (uri.length > LONGEST_URI) return `it has more than ${LONGEST_URI} characters`
  if (isReserved(uri) && isUri(uri)) return 'URIs that begin with "wamp" are reserved'
  const isPattern = action === 'subscribe' || action === 'register'
  const hint = isPattern ? 'an empty component requires match "wildcard", or "prefix" at the end' : 'a component is empty'
  return `the URI is not valid${isUri(uri, 'wildcard') && !isUri(uri) ? `: ${hint}` : ''}`
}

/** The beginning of a URI, in whole characters. */
function quoted (uri: Uri): string {
  return uri.length <= QUOTED ? uri : `${[...uri.slice(0, 2 * QUOTED)].slice(0, QUOTED).join('')}…`
}

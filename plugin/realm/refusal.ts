import { MessageType, noDetails } from '../protocol/message.ts'
import type { ErrorMessage, RequestCode } from '../protocol/message.ts'
import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'

/** What stands in the first argument of an ERROR, for people. */
const texts: Readonly<Record<Uri, string>> = {
  [reasons.invalidUri]: 'the URI is not valid here',
  [reasons.notAuthorized]: 'this role may not do that',
  [reasons.discloseMeDisallowed]: 'disclosure is not allowed here',
  [reasons.noSuchProcedure]: 'nobody has registered this procedure',
  [reasons.procedureAlreadyExists]: 'the procedure is registered already',
  [reasons.noSuchRegistration]: 'this session has no such registration',
  [reasons.noSuchSubscription]: 'this session has no such subscription',
  [reasons.canceled]: 'the call was canceled',
  [reasons.timeout]: 'the callee did not answer in time',
  [reasons.noAvailableCallee]: 'no callee is available',
  [reasons.featureNotSupported]: 'the callee did not announce what this call needs',
  [reasons.networkFailure]: 'the callee cannot be reached',
  [reasons.invalidArgument]: 'the payload has no form in the serializer of its receiver'
}

/** The router's own texts only: what clients have a part in would fill the memory. */
const payloads = new Map(Object.entries(texts).map(([error, text]) => [error, Payload.of([text])]))

/** An ERROR that the router answers with; `text` says more than the URI. */
export function refusal (requestType: RequestCode, request: Id, error: Uri, text?: string): ErrorMessage {
  const payload = (text === undefined ? payloads.get(error) : undefined) ?? Payload.of([text ?? error])
  return { type: MessageType.Error, requestType, request, details: noDetails, error, payload }
}

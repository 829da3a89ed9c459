import { isId } from './id.ts'
import type { Dict } from './message-options.ts'
import { MessageType } from './message.ts'
import type { Uri } from './uri.ts'
import { faultOf, isAttribute, isBoolean, isNaturalNumber, isPositiveInteger, isString, listOf, oneOf } from './wire-value.ts'
import type { Check } from './wire-value.ts'

/** The requests that have options. */
export type RequestWithOptions = 16 | 32 | 48 | 64

/** Options by name, with the checks of their values. */
export type KnownOptions = Readonly<Record<string, Check>>

export const passthru = { ppt_scheme: isAttribute, ppt_serializer: isAttribute, ppt_cipher: isAttribute, ppt_keyid: isAttribute }
const match = oneOf('exact', 'prefix', 'wildcard')
const listOfIds = listOf(isId)
const listOfStrings = listOf(isString)

/** The options of each request: the only definition of them. */
export const requestOptions: Readonly<Record<RequestWithOptions, KnownOptions>> = {
  [MessageType.Publish]: {
    acknowledge: isBoolean,
    exclude_me: isBoolean,
    disclose_me: isBoolean,
    exclude: listOfIds,
    exclude_authid: listOfStrings,
    exclude_authrole: listOfStrings,
    eligible: listOfIds,
    eligible_authid: listOfStrings,
    eligible_authrole: listOfStrings,
    retain: isBoolean,
    rkey: isString,
    ...passthru
  },
  [MessageType.Subscribe]: { match, get_retained: isBoolean, nkey: isString },
  [MessageType.Call]: {
    timeout: isNaturalNumber,
    receive_progress: isBoolean,
    progress: isBoolean,
    disclose_me: isBoolean,
    rkey: isString,
    runmode: isString,
    ...passthru
  },
  [MessageType.Register]: {
    match,
    invoke: oneOf('single', 'roundrobin', 'random', 'first', 'last'),
    disclose_caller: isBoolean,
    forward_timeout: isBoolean,
    concurrency: isPositiveInteger,
    force_reregister: isBoolean
  }
}

/** The options that no table has: those of implementations and apps [basic, Extensibility], and the trace context. */
const further = /^(x?_|trace(parent|state)$)/

/**
 * The first option of a request that is unknown or invalid, and its fault, which completes a sentence; null if there is none. The router ignores
 * unknown options [basic, Extensibility], so only the sender can report a misspelt one. A `*` is a valid character of a URI, but
 * usually a mistake in a subscription or registration, unless `match` is "exact".
 */
export function faultOfOptions (type: RequestWithOptions, uri: Uri, options: Dict): readonly [name: string, fault: string] | null {
  const known = requestOptions[type]
  for (const name in options) {
    const value = options[name]
    const check = known[name]
    if (check === undefined && !further.test(name)) return [name, ' is not an option']
    const result = value === undefined || check === undefined || check(value)
    if (result !== true) return [name, faultOf(result)]
  }
  if ('match' in known && options['match'] !== 'exact' && `${uri}`.includes('*')) return ['match', ' must be "exact" for a literal "*": write "a." with match "prefix", or "a..c" with match "wildcard"']
  return null
}

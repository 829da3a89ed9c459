import { isId } from './id.ts'
import type { Dict } from './message-options.ts'
import { MessageType } from './message.ts'
import type { Uri } from './uri.ts'
import { faultOf, isBoolean, isNaturalNumber, isPositiveInteger, isString, listOf, oneOf } from './wire-value.ts'
import type { Check } from './wire-value.ts'

/** The requests that have options. */
export type RequestWithOptions = 16 | 32 | 48 | 64

/** Options by name, with the checks of their values. */
export type KnownOptions = Readonly<Record<string, Check>>

const match = oneOf('exact', 'prefix', 'wildcard')
const listOfIds = listOf(isId)
const listOfStrings = listOf(isString)

/** The options of each request, except payload passthru attributes: the only definition of them. */
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
    rkey: isString
  },
  [MessageType.Subscribe]: { match, get_retained: isBoolean, nkey: isString },
  [MessageType.Call]: {
    timeout: isNaturalNumber,
    receive_progress: isBoolean,
    progress: isBoolean,
    disclose_me: isBoolean,
    rkey: isString,
    runmode: isString
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

/** Calls `refuse` for an unknown or invalid option. `fault` completes a sentence. */
export type Refuse = (name: string, fault: string) => void

/** The options that no table has: those of implementations [basic, Extensibility], payload passthru attributes, and the trace context. */
const further = /^(x?_|ppt_|trace(parent|state)$)/

/** Checks options whose names and values are known. */
export function checkKnown (known: KnownOptions, options: Dict, refuse: Refuse): void {
  for (const name in options) {
    const result = Object.hasOwn(known, name) ? options[name] === undefined || known[name]!(options[name]) : further.test(name) || ' is not an option'
    if (result !== true) refuse(name, faultOf(result))
  }
}

/**
 * Checks the options of a request. The router ignores unknown ones [basic, Extensibility], so only the sender can report a misspelt one. A
 * `*` is a valid character of a URI, but usually a mistake in a subscription or registration, unless `match` is "exact".
 */
export function checkOptions (type: RequestWithOptions, uri: Uri, options: Dict, refuse: Refuse): void {
  const known = requestOptions[type]
  checkKnown(known, options, refuse)
  if ('match' in known && options['match'] !== 'exact' && String(uri).includes('*')) refuse('match', ' must be "exact" for a literal "*"')
}

/** The name of a realm, topic, procedure or error [basic, URIs]. */
export type Uri = string

/** How a subscription's or registration's URI is compared with that of an event or call. */
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard'

/** Which URIs a realm takes: all that the specification allows, or only lower-case letters, digits and `_`. */
export type UriCheck = 'loose' | 'strict'

// What a URI must not have, rather than what it is: a pattern for a whole URI exhausts the stack on a very long one.
const faultOfName = /[\s#]|\.(?:\.|$)|^(?:\.|$)/
const faults: Readonly<Record<UriCheck, Readonly<Record<MatchPolicy, RegExp>>>> = {
  loose: {
    exact: faultOfName,
    prefix: /[\s#]|\.\.|^\./,
    wildcard: /[\s#]/
  },
  strict: {
    exact: /[^0-9a-z_.]|\.(?:\.|$)|^(?:\.|$)/,
    prefix: /[^0-9a-z_.]|\.\.|^\./,
    wildcard: /[^0-9a-z_.]/
  }
}

/**
 * True for a URI that may stand where `match` says: empty components only in wildcard patterns, and at the end of a
 * prefix [basic, URIs].
 */
export function isUri (value: unknown, match: MatchPolicy = 'exact', check: UriCheck = 'loose'): value is Uri {
  return typeof value === 'string' && !faults[check][match].test(value)
}

/** True for a URI that is no pattern, under the loose check. */
export function isName (value: unknown): value is Uri {
  return typeof value === 'string' && !faultOfName.test(value)
}

/** True for a URI whose first component is `wamp`: only the router's own meta API uses these [basic, Reserved URIs]. */
export function isReserved (uri: Uri): boolean {
  return uri === 'wamp' || uri.startsWith('wamp.')
}

/** True if `uri` is one that `pattern` stands for under `match` [advanced, pattern-based subscription]. */
export function matches (pattern: Uri, match: MatchPolicy, uri: Uri): boolean {
  if (match === 'exact') return pattern === uri
  if (match === 'prefix') return uri.startsWith(pattern)

  const wanted = pattern.split('.')
  const given = uri.split('.')
  return wanted.length === given.length && wanted.every((component, i) => component === '' || component === given[i])
}

/** The name of a realm, topic, procedure or error [basic, URIs]. */
export type Uri = string

/** The policy for comparing a subscription's or registration's URI with that of an event or call. */
export type MatchPolicy = 'exact' | 'prefix' | 'wildcard'

/** The URIs that a realm accepts: all that the specification allows, or only lower-case letters, digits and `_`. */
export type UriCheck = 'loose' | 'strict'

// Match what is not allowed in a URI: a pattern for a whole URI exhausts the stack for a very long one.
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

/** The maximum number of characters of a URI in a request, or in the ERROR of a callee. Subscriptions and registrations store it, and so do open calls and waiting events of patterns. */
export const LONGEST_URI = 4096

/** True for a URI that is valid with this match policy: empty components are only allowed in wildcard patterns, and at the end of a prefix [basic, URIs]. */
export function isUri (value: unknown, match: MatchPolicy = 'exact', check: UriCheck = 'loose'): value is Uri {
  return typeof value === 'string' && !faults[check][match].test(value)
}

/** True for a URI that is not a pattern, with the loose check. */
export function isName (value: unknown): value is Uri {
  return typeof value === 'string' && !faultOfName.test(value)
}

/** True for a URI whose first component is `wamp`, which is reserved for the router's meta API [basic, Reserved URIs]. */
export function isReserved (uri: Uri): boolean {
  return uri === 'wamp' || uri.startsWith('wamp.')
}

/** True if `pattern` matches `uri` with this policy [advanced, pattern-based subscription]. */
export function matches (pattern: Uri, match: MatchPolicy, uri: Uri): boolean {
  if (match === 'exact') return pattern === uri
  if (match === 'prefix') return uri.startsWith(pattern)

  const wanted = pattern.split('.')
  const given = uri.split('.')
  return wanted.length === given.length && wanted.every((component, i) => component === '' || component === given[i])
}

import { withStars } from '../protocol/starred-uri.ts'
import { isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri, UriCheck } from '../protocol/uri.ts'

/** The reason why a permission is probably a mistake; `isFutile` if it matches no URI that the realm accepts. */
export interface Doubt { readonly text: string, readonly isFutile: boolean }

/** The probable mistake in a permission, or null: usually a literal asterisk, or a prefix without `match`. */
export function doubtOf ({ uri, match }: { readonly uri: Uri, readonly match?: MatchPolicy | undefined }, check: UriCheck): Doubt | null {
  const meant = withStars(uri)
  if (match !== undefined && uri.includes('*')) {
    return { isFutile: check === 'strict', text: `has a "*" that is literal with match "${match}": to use it as a wildcard, write { uri: "${meant.uri}", match: "${meant.match}" }, or omit match` }
  }
  if (match === undefined && meant.match === 'wildcard' && uri.split('.').some((part) => part.includes('*') && part !== '*')) {
    return { isFutile: false, text: 'has a "*" next to other characters: an asterisk matches a whole component between two dots or, at the end, everything that follows' }
  }
  const as = match ?? meant.match
  if (as === 'exact' && uri.endsWith('.')) return { isFutile: true, text: 'ends in "." and is compared exactly, so it matches nothing: to match the URIs that begin with it, add match: "prefix"' }
  if (!isUri(match === undefined ? meant.uri : uri, as, check)) return { isFutile: true, text: 'is not a valid URI, so it matches nothing' }
  return null
}

import type { MatchPolicy, Uri } from './uri.ts'

/** The URI and the match policy of a permission. */
interface Selection { readonly uri: Uri, readonly match: MatchPolicy }

/** The URIs that a permission is for. Without `match`, asterisks in its URI decide. */
export function selectionOf ({ uri, match }: { readonly uri: Uri, readonly match?: MatchPolicy | null | undefined }): Selection {
  return match === undefined || match === null ? withStars(uri) : { uri, match }
}

/** Without `match`, asterisks decide: one at the end is a prefix, others are wildcards. A Crossbar.io convention. */
export function withStars (uri: Uri): Selection {
  const star = uri.indexOf('*')
  if (star < 0) return { uri, match: 'exact' }
  if (star === uri.length - 1) return { uri: uri.slice(0, -1), match: 'prefix' }
  return { uri: uri.replaceAll('*', ''), match: 'wildcard' }
}

import type { Action, PermissionOptions } from '../options.ts'
import { matches } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'

/** A URI or pattern, taken apart once, and not for each comparison. */
interface Pattern {
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly components: readonly string[]
  /** What all URIs that it stands for start with. */
  readonly start: string
}

/** What a role may do with some URIs. */
interface Rule extends Pattern {
  /** What is answered for each action: worked out once. */
  readonly decisions: Readonly<Record<Action, Decision>>
}

/** An authorizer's answer. */
export interface Decision {
  readonly allow: boolean
  /** Whether the other side is told who this is, unasked. */
  readonly disclose: boolean
  /** How far the other side may trust a call or publication, from 0; undefined where nothing is said about it. */
  readonly trustlevel: number | undefined
  /** Whether a registration may take a procedure over from its callees. */
  readonly forceReregister: boolean
}

const denied: Decision = Object.freeze({ allow: false, disclose: false, trustlevel: undefined, forceReregister: false })
const actions = ['call', 'register', 'publish', 'subscribe'] as const satisfies readonly Action[]

/**
 * The static permissions of a role. For a URI the exact rule counts, else the best wildcard, else the longest prefix, else
 * the answer is no. For a pattern there must be a rule that covers all that the pattern stands for, and no rule for any part
 * of it may say no: so nobody sees through a pattern what is closed to them by its URI.
 */
export class Permissions {
  /** What the app itself may do: everything. */
  static readonly everything = new Permissions([{
    uri: '', match: 'prefix', allow: { call: true, register: true, forceReregister: true, publish: true, subscribe: true }
  }])

  readonly #rules: readonly Rule[]
  /** No wildcard has more components: of a longer URI no more need to be looked at. */
  readonly #mostComponents: number

  constructor (permissions: readonly PermissionOptions[]) {
    this.#rules = permissions.map(ruleOf).sort(byPrecedence)
    this.#mostComponents = Math.max(0, ...this.#rules.map(({ match, components }) => match === 'wildcard' ? components.length : 0))
  }

  /** Decides about a URI, or about a pattern that is to be subscribed or registered. */
  decide (action: Action, uri: Uri, match: MatchPolicy = 'exact'): Decision {
    if (match !== 'exact') return this.#decidePattern(action, patternOf(uri, match))
    const components = uri.split('.', this.#mostComponents + 1)
    const rule = this.#rules.find((rule) => rule.match === 'wildcard' ? sameComponents(rule.components, components) : matches(rule.uri, rule.match, uri))
    return rule?.decisions[action] ?? denied
  }

  #decidePattern (action: Action, pattern: Pattern): Decision {
    const concerned = this.#rules.filter((rule) => overlap(rule, pattern))
    const open = concerned.every(({ decisions }) => decisions[action].allow) && concerned.some((rule) => covers(rule, pattern))
    if (!open) return denied
    return { ...denied, allow: true, forceReregister: concerned.every(({ decisions }) => decisions[action].forceReregister) }
  }
}

function ruleOf (permission: PermissionOptions): Rule {
  const { uri, match } = permission.match === undefined ? withStars(permission.uri) : { uri: permission.uri, match: permission.match }
  const decisions = Object.fromEntries(actions.map((action) => [action, decisionOf(permission, action)])) as Record<Action, Decision>
  return { ...patternOf(uri, match), decisions }
}

function decisionOf ({ allow = {}, disclose = {}, trustlevel }: PermissionOptions, action: Action): Decision {
  if (allow[action] !== true) return denied
  if (action === 'register') return { ...denied, allow: true, forceReregister: allow.forceReregister === true }
  if (action === 'subscribe') return { ...denied, allow: true }
  const disclosed = action === 'call' ? disclose.caller : disclose.publisher
  return { ...denied, allow: true, disclose: disclosed === true, trustlevel }
}

const precedence: Readonly<Record<MatchPolicy, number>> = { exact: 0, wildcard: 1, prefix: 2 }

function byPrecedence (a: Rule, b: Rule): number {
  if (a.match !== b.match) return precedence[a.match] - precedence[b.match]
  if (a.match === 'prefix') return b.uri.length - a.uri.length
  // At the first component where one is literal and the other is not, the literal one is better.
  const i = a.components.findIndex((component, at) => (component === '') !== (b.components[at] === ''))
  return i < 0 ? 0 : a.components[i] === '' ? 1 : -1
}

/** Without `match` stars decide: one at the end is a prefix, others are wildcards. A Crossbar.io convention. */
export function withStars (uri: Uri): { uri: Uri, match: MatchPolicy } {
  const star = uri.indexOf('*')
  if (star < 0) return { uri, match: 'exact' }
  if (star === uri.length - 1) return { uri: uri.slice(0, -1), match: 'prefix' }
  return { uri: uri.replaceAll('*', ''), match: 'wildcard' }
}

/** True if there is a URI that both stand for. */
function overlap (a: Pattern, b: Pattern): boolean {
  if (a.match === 'exact') return matches(b.uri, b.match, a.uri)
  if (b.match === 'exact') return matches(a.uri, a.match, b.uri)
  if (a.match === 'prefix' && b.match === 'prefix') return a.uri.startsWith(b.uri) || b.uri.startsWith(a.uri)
  if (a.match === 'prefix') return canStartWith(b, a)
  if (b.match === 'prefix') return canStartWith(a, b)
  const right = b.components
  return a.components.length === right.length && a.components.every((component, i) => component === '' || right[i] === '' || component === right[i])
}

/** True if a URI with these components is one that the wildcard's components stand for. */
function sameComponents (wildcard: readonly string[], components: readonly string[]): boolean {
  return wildcard.length === components.length && wildcard.every((component, i) => component === '' || component === components[i])
}

/** True if a URI that the wildcard pattern stands for can start with the prefix. */
function canStartWith ({ components }: Pattern, { components: wanted }: Pattern): boolean {
  if (wanted.length > components.length) return false
  return wanted.every((part, i) => components[i] === '' || (i === wanted.length - 1 ? components[i]!.startsWith(part) : components[i] === part))
}

/** True if `wide` stands for every URI that `narrow` stands for. */
function covers (wide: Pattern, narrow: Pattern): boolean {
  if (wide.match === 'prefix') return narrow.start.startsWith(wide.uri)
  if (narrow.match === 'prefix') return false
  const right = narrow.components
  return wide.components.length === right.length && wide.components.every((component, i) => (component === '' && wide.match === 'wildcard') || component === right[i])
}

function patternOf (uri: Uri, match: MatchPolicy): Pattern {
  const components = uri.split('.')
  const open = match === 'wildcard' ? components.indexOf('') : -1
  return { uri, match, components, start: open < 0 ? uri : components.slice(0, open).map((component) => `${component}.`).join('') }
}

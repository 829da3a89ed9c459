import type { PermissionOptions } from '../options.ts'
import { defaults, fill } from '../option-defaults.ts'
import type { Decision } from './decision.ts'
import type { Action } from '../protocol/action.ts'
import { selectionOf } from '../protocol/starred-uri.ts'
import { matches } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'

/** A URI or pattern, split once instead of for each comparison. */
interface Pattern {
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly components: readonly string[]
  /** The common beginning of all URIs that it matches. */
  readonly start: string
}

/** The permissions of a role for the matching URIs. */
interface Rule extends Pattern {
  /** The decision for each action, computed once. */
  readonly decisions: Readonly<Record<Action, Decision>>
}

const denied: Decision = Object.freeze({ allow: false, disclose: false, trustlevel: undefined, forceReregister: false })
const actions = ['call', 'register', 'publish', 'subscribe'] as const satisfies readonly Action[]

/**
 * The static permissions of a role. The precedence for a URI is: exact rule, best wildcard, longest prefix; default deny. For a pattern,
 * one rule must cover everything that the pattern matches, and no rule for a part of it may deny. A pattern therefore cannot bypass a rule
 * for a URI.
 */
export class Permissions {
  /** The permissions of the app itself: everything. */
  static readonly everything = new Permissions([{
    uri: '', match: 'prefix', allow: { call: true, register: true, forceReregister: true, publish: true, subscribe: true }
  }])

  readonly #rules: readonly Rule[]
  /** The number of components of the longest wildcard. Further components of a URI need not be inspected. */
  readonly #mostComponents: number

  constructor (permissions: readonly PermissionOptions[]) {
    this.#rules = permissions.map(ruleOf).sort(byPrecedence)
    this.#mostComponents = Math.max(0, ...this.#rules.map(({ match, components }) => match === 'wildcard' ? components.length : 0))
  }

  /** Decides about a URI, or about a pattern in a subscription or registration. */
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
  const { uri, match } = selectionOf(permission)
  const decisions = Object.fromEntries(actions.map((action) => [action, decisionOf(permission, action)])) as Record<Action, Decision>
  return { ...patternOf(uri, match), decisions }
}

function decisionOf (permission: PermissionOptions, action: Action): Decision {
  const { allow, disclose, trustlevel } = fill(defaults.permission, permission)
  const { [action]: isAllowed, forceReregister } = fill(defaults.allow, allow)
  if (!isAllowed) return denied
  if (action === 'register') return { ...denied, allow: true, forceReregister }
  if (action === 'subscribe') return { ...denied, allow: true }
  const { caller, publisher } = fill(defaults.disclose, disclose)
  return { ...denied, allow: true, disclose: action === 'call' ? caller : publisher, trustlevel: trustlevel ?? undefined }
}

const precedence: Readonly<Record<MatchPolicy, number>> = { exact: 0, wildcard: 1, prefix: 2 }

function byPrecedence (a: Rule, b: Rule): number {
  if (a.match !== b.match) return precedence[a.match] - precedence[b.match]
  if (a.match === 'prefix') return b.uri.length - a.uri.length
  // At the first component where only one of them is literal, the literal one is better.
  const i = a.components.findIndex((component, at) => (component === '') !== (b.components[at] === ''))
  return i < 0 ? 0 : a.components[i] === '' ? 1 : -1
}

/** True if there is a URI that both match. */
function overlap (a: Pattern, b: Pattern): boolean {
  if (a.match === 'exact') return matches(b.uri, b.match, a.uri)
  if (b.match === 'exact') return matches(a.uri, a.match, b.uri)
  if (a.match === 'prefix' && b.match === 'prefix') return a.uri.startsWith(b.uri) || b.uri.startsWith(a.uri)
  if (a.match === 'prefix') return canStartWith(b, a)
  if (b.match === 'prefix') return canStartWith(a, b)
  const right = b.components
  return a.components.length === right.length && a.components.every((component, i) => component === '' || right[i] === '' || component === right[i])
}

/** True if the wildcard matches a URI with these components. */
function sameComponents (wildcard: readonly string[], components: readonly string[]): boolean {
  return wildcard.length === components.length && wildcard.every((component, i) => component === '' || component === components[i])
}

/** True if a URI that the wildcard matches can start with the prefix. */
function canStartWith ({ components }: Pattern, { components: wanted }: Pattern): boolean {
  if (wanted.length > components.length) return false
  return wanted.every((part, i) => components[i] === '' || (i === wanted.length - 1 ? components[i]!.startsWith(part) : components[i] === part))
}

/** True if `wide` matches every URI that `narrow` matches. */
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

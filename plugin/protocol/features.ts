import type { Dict } from './message.ts'
import { isDict } from './wire-value.ts'

/** The roles that a client may announce. */
export const clientRoles = ['publisher', 'subscriber', 'caller', 'callee'] as const
export type ClientRole = typeof clientRoles[number]

/** The features that the router announces in WELCOME.Details.roles: only implemented ones [advanced, Feature Announcement]. */
export const routerRoles = {
  broker: {
    features: {
      publisher_exclusion: true,
      publisher_identification: true,
      publication_trustlevels: true,
      subscriber_blackwhite_listing: true,
      pattern_based_subscription: true,
      event_retention: true,
      event_history: true,
      subscription_revocation: true,
      subscription_meta_api: true,
      session_meta_api: true,
      payload_passthru_mode: true
    }
  },
  dealer: {
    features: {
      caller_identification: true,
      call_trustlevels: true,
      pattern_based_registration: true,
      shared_registration: true,
      registration_revocation: true,
      registration_meta_api: true,
      session_meta_api: true,
      testament_meta_api: true,
      progressive_call_results: true,
      progressive_call_invocations: true,
      call_timeout: true,
      call_canceling: true,
      call_reroute: true,
      payload_passthru_mode: true
    }
  }
} as const

/** The features that a client announced for its roles, as `role.feature`. */
export type Features = ReadonlySet<string>

/**
 * The feature of the app's own sessions, which no client can announce: they answer each invocation when its procedure has ended, even if it
 * was interrupted or its call has ended.
 */
export const answersAlways = 'callee.answers_always'

/** The features of an in-process session. The app sees the details of its messages, and so the payload passthru attributes. */
export const inProcessFeatures: Features = new Set([
  ...clientRoles.flatMap((role) => [role, `${role}.payload_passthru_mode`]),
  ...['caller', 'callee'].flatMap((role) => [`${role}.progressive_call_results`, `${role}.call_canceling`]),
  answersAlways
])

// There are few client implementations: most clients announce the same features and share one set.
const known = new Map<string, Features>()
const MOST_KNOWN = 64

/** The features in HELLO.Details.roles. Unknown roles and features are ignored. Null if there is no known role [basic, HELLO]. */
export function readFeatures (roles: unknown): Features | null {
  if (!isDict(roles)) return null
  const features: string[] = []
  for (const role of clientRoles) {
    const details = roles[role]
    if (isDict(details)) features.push(role, ...announced(role, details))
  }
  if (features.length === 0) return null

  const key = features.join(' ')
  const shared = known.get(key) ?? new Set(features)
  if (known.size < MOST_KNOWN) known.set(key, shared)
  return shared
}

// Only the features that routing needs, so that clients cannot use memory by announcing others.
const used = new Set([
  'publisher.payload_passthru_mode', 'subscriber.payload_passthru_mode', 'caller.payload_passthru_mode', 'callee.payload_passthru_mode',
  'subscriber.subscription_revocation', 'callee.registration_revocation',
  'caller.progressive_call_results', 'callee.progressive_call_results',
  'caller.progressive_call_invocations', 'callee.progressive_call_invocations',
  'caller.call_timeout', 'callee.call_timeout', 'caller.call_canceling', 'callee.call_canceling',
  'callee.call_reroute'
])

function announced (role: ClientRole, { features }: Dict): string[] {
  if (!isDict(features)) return []
  return Object.keys(features)
    .filter((name) => features[name] === true)
    // One section of the specification spells it with a double l.
    .map((name) => `${role}.${name === 'call_cancelling' ? 'call_canceling' : name}`)
    .filter((name) => used.has(name))
}

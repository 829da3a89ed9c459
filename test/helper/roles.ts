const clientRoles = ['publisher', 'subscriber', 'caller', 'callee'] as const

/** HELLO.Details.roles of a client with these features, each as `role.feature`. */
export function rolesWith (...features: string[]): Record<string, { features: Record<string, boolean> }> {
  return Object.fromEntries(clientRoles.map((role) => {
    const own = features.filter((feature) => feature.startsWith(`${role}.`)).map((feature) => [feature.slice(role.length + 1), true])
    return [role, { features: Object.fromEntries(own) as Record<string, boolean> }]
  }))
}

/** HELLO.Details.roles of a client that can do everything. */
export const advanced = rolesWith(
  ...clientRoles.map((role) => `${role}.payload_passthru_mode`),
  'subscriber.subscription_revocation', 'callee.registration_revocation',
  'caller.progressive_call_results', 'callee.progressive_call_results',
  'caller.progressive_call_invocations', 'callee.progressive_call_invocations',
  'caller.call_timeout', 'callee.call_timeout', 'caller.call_canceling', 'callee.call_canceling', 'callee.call_reroute'
)

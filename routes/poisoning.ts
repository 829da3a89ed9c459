import type { FastifyInstance } from 'fastify'

type Action = 'error' | 'remove' | 'ignore'

/** Only a text with one of these can have such a key. Keys may be written with escapes. */
const SUSPICIOUS = /__proto__|constructor|\\u/

/**
 * A function that applies the options `onProtoPoisoning` and `onConstructorPoisoning` of the app to the values of a JSON text, as Fastify's own parser
 * does: it refuses the keys `__proto__` and `constructor` with a `prototype`, removes them in place, or leaves them. Returns the refused key, or null.
 */
export function poisonGuard ({ onProtoPoisoning = 'error', onConstructorPoisoning = 'error' }: FastifyInstance['initialConfig']): (text: string, values: unknown) => string | null {
  const actionFor = (dict: object, key: string): Action => {
    if (key === '__proto__') return onProtoPoisoning
    return key === 'constructor' && hasPrototype((dict as { constructor: unknown }).constructor) ? onConstructorPoisoning : 'ignore'
  }
  const findRefused = (value: unknown): string | null => {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return null
    for (const key of Object.keys(value)) {
      const action = actionFor(value, key)
      if (action === 'error') return key
      if (action === 'remove') delete (value as Record<string, unknown>)[key]
      const refused = action === 'remove' ? null : findRefused((value as Record<string, unknown>)[key])
      if (refused !== null) return refused
    }
    return null
  }
  return (text, values) => SUSPICIOUS.test(text) ? findRefused(values) : null
}

function hasPrototype (value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}

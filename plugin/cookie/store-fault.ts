import { isKeyv } from './keyv-storage.ts'

const needed = ['get', 'set', 'delete', 'entries', 'close']

/** Describes why a value is neither a cookie store nor an instance of Keyv. Returns null if it is one. */
export function storeFault (value: unknown): string | null {
  if (typeof value === 'function') return isClass(value) ? `must be an instance, and not a class: use new ${value.name}(…)` : 'must be a cookie store, or an instance of Keyv, and not a function'
  if (typeof value !== 'object' || value === null) return `must be a cookie store, or an instance of Keyv, and not ${value === null ? 'null' : `a ${typeof value}`}`
  const has = (...methods: string[]): boolean => methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  if (has(...needed) || isKeyv(value)) return null
  if (has('then')) return 'must be a cookie store, or an instance of Keyv, and not a promise: await it'
  if (has('get', 'set', 'destroy')) return 'must be a cookie store, or an instance of Keyv, and not a store of sessions, such as one of @fastify/session'
  if (has('get', 'set', 'delete', 'clear')) return `must be an instance of Keyv: use new Keyv({ store: … }) with this ${value.constructor.name}`
  return `must be a cookie store, or an instance of Keyv: it has no ${needed.filter((method) => !has(method)).join(', ')}`
}

function isClass (value: { toString (): string }): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value))
}

import { OpaqueValue } from '../plugin/protocol/opaque-value.ts'

/**
 * What Fastify can do with a value of a client: write it as JSON, not write it without help (BigInts), or not at all (a
 * value that only another serializer has a form for).
 */
export type JsonForm = 'plain' | 'with BigInts' | 'none'

/** Finds out which form a value has. */
export function jsonFormOf (value: unknown): JsonForm {
  if (typeof value === 'bigint') return 'with BigInts'
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 'plain'
  if (value instanceof OpaqueValue) return 'none'
  let form: JsonForm = 'plain'
  for (const item of Array.isArray(value) ? value : Object.values(value)) {
    const found = jsonFormOf(item)
    if (found === 'none') return found
    if (found !== 'plain') form = found
  }
  return form
}

import { lengthOf } from './validation-steps.ts'

/**
 * True if no two items are equal [JSON Schema Validation, 6.4.3], in time proportional to their length. Comparing all pairs, as Ajv does
 * for items other than text and numbers, takes minutes for a list of 1 MiB. `count` receives the steps that it takes.
 */
export function areUnique (items: readonly unknown[], count: (steps: number) => void): boolean {
  const texts = new Set<string>()
  for (const item of items) texts.add(textOf(item, count))
  return texts.size === items.length
}

/** The same text for equal values, and different texts for different values. */
function textOf (value: unknown, count: (steps: number) => void): string {
  count(1 + lengthOf(value))
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  if (value instanceof Uint8Array) return `b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, count)).join()}]`
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${textOf(item, count)}`).sort().join()}}`
}

import { OpaqueValue } from './protocol/opaque-value.ts'
import type { Values } from './protocol/values.ts'
import { spend } from './work.ts'

/** Bytes of memory of a handler that runs. */
const BYTES_OF_HANDLER = 512
/** Bytes of memory of the parts of a value. Each value in a list or a dict has a slot there. */
const BYTES_OF_SLOT = 8
const BYTES_OF_NUMBER = 16
const BYTES_OF_STRING = 32
const BYTES_OF_CHARACTER = 2
const BYTES_OF_OCTETS = 112
const BYTES_OF_OBJECT = 104
const BYTES_OF_DICT = 64
/** An entry has a key, and may be the first one with this key in such a dict, or need a table because its key is an integer. */
const BYTES_OF_ENTRY = 112
const BYTES_OF_LIST = 48
/** A list that is read item by item has room for more: half as many items as it has, and 16. */
const GROWTH_OF_LIST = 1.5
const SPARE_SLOTS = 16

/** The values that the estimate in progress has visited. */
let visited = 0

/**
 * The approximate number of bytes of memory of decoded values and of a handler that works on them, rather too many than too few. Small values
 * take up to a hundred times their octets.
 */
export function memoryOf ({ args, kwargs }: Values): number {
  visited = 0
  const bytes = BYTES_OF_HANDLER + listBytes(args) + dictBytes(kwargs)
  spend(visited)
  return bytes
}

function bytesOf (value: unknown): number {
  visited++
  switch (typeof value) {
    case 'string': return BYTES_OF_STRING + value.length * BYTES_OF_CHARACTER
    case 'number': return BYTES_OF_NUMBER
    case 'bigint': return 2 * BYTES_OF_NUMBER
    case 'object': return value === null ? 0 : objectBytes(value)
    default: return 0
  }
}

function objectBytes (value: object): number {
  if (Array.isArray(value)) return listBytes(value)
  if (value instanceof Uint8Array) return BYTES_OF_OCTETS + value.byteLength
  if (value instanceof Date) return BYTES_OF_OBJECT
  if (value instanceof OpaqueValue) return BYTES_OF_OBJECT + bytesOf(value.content)
  return dictBytes(value)
}

function listBytes (list: readonly unknown[]): number {
  let bytes = BYTES_OF_LIST
  if (list.length > 0) bytes += (list.length * GROWTH_OF_LIST + SPARE_SLOTS) * BYTES_OF_SLOT
  for (const item of list) bytes += bytesOf(item)
  return bytes
}

function dictBytes (dict: object): number {
  let bytes = BYTES_OF_DICT
  for (const [key, value] of Object.entries(dict)) bytes += BYTES_OF_ENTRY + key.length * BYTES_OF_CHARACTER + bytesOf(value)
  return bytes
}

import type { Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import { mayBeSlice, ownString } from './own-string.ts'
import { countOf, slotsThatMeet } from './slot-filter.ts'
import type { Condition } from './slot-filter.ts'
import { SlotSet } from './slot-set.ts'

/** The set of empty components of a pattern. */
interface Shape {
  /** For each component 1 if it is empty, otherwise 0: the lower, the better the pattern. */
  readonly key: string
  /** The number of entries with this shape. */
  count: number
}

/** The entry of a URI or wildcard pattern. */
export interface Entry<T> {
  readonly uri: Uri
  readonly shape: Shape
  value: T
}

/** The slots of the entries with this component at one position. */
interface Position {
  readonly any: SlotSet
  readonly literals: Map<string, SlotSet>
}

/** Up to this number of shapes, patterns are looked up by masking the URI; above it, by the sets of slots. */
const FEW_SHAPES = 4
/** Components of a masked URI in one unit of work. */
const PARTS_OF_UNIT = 4

const none = new SlotSet()
const nothing: readonly never[] = Object.freeze([])

/**
 * Items by URI or wildcard pattern, all with the same number of components. Each item has a slot, numbered from 0 without gaps. At each
 * position, a component maps to the slots of the items with it.
 */
export class ComponentTable<T> {
  readonly #entries: Entry<T>[] = []
  readonly #slots = new Map<Uri, number>()
  readonly #shapes = new Map<string, Shape>()
  readonly #positions: readonly Position[]

  constructor (components: number) {
    this.#positions = Array.from({ length: components }, () => ({ any: new SlotSet(), literals: new Map() }))
  }

  get isEmpty (): boolean {
    return this.#entries.length === 0
  }

  get (uri: Uri): T | undefined {
    const slot = this.#slots.get(uri)
    return slot === undefined ? undefined : this.#entries[slot]!.value
  }

  set (uri: Uri, value: T): void {
    const known = this.#slots.get(uri)
    if (known !== undefined) {
      this.#entries[known]!.value = value
      return
    }
    const slot = this.#entries.length
    const components = uri.split('.')
    const shape = this.#shapeOf(components)
    shape.count++
    this.#entries.push({ uri, shape, value })
    this.#slots.set(uri, slot)
    for (const slots of this.#setsOf(components)) slots.add(slot)
  }

  delete (uri: Uri): void {
    const slot = this.#slots.get(uri)
    if (slot === undefined) return
    const components = uri.split('.')
    for (const slots of this.#setsOf(components)) slots.delete(slot)
    this.#prune(components, this.#entries[slot]!.shape)
    this.#slots.delete(uri)
    const last = this.#entries.pop()!
    if (last.uri === uri) return
    // The last item takes the slot, so that there is no gap.
    const from = this.#entries.length
    for (const slots of this.#setsOf(last.uri.split('.'))) {
      slots.delete(from)
      slots.add(slot)
    }
    this.#entries[slot] = last
    this.#slots.set(last.uri, slot)
  }

  /** The patterns that match a URI. */
  matching (uri: Uri): readonly Entry<T>[] {
    return this.#shapes.size <= FEW_SHAPES ? this.#spelt(uri) : this.#meeting(uri)
  }

  /** The URIs that a wildcard pattern matches. */
  matchedBy (pattern: Uri): readonly Entry<T>[] {
    const conditions: Condition[] = []
    const components = pattern.split('.')
    for (const [i, component] of components.entries()) {
      if (component === '') continue
      const literal = this.#positions[i]!.literals.get(component)
      if (literal === undefined) return nothing
      conditions.push({ either: none, or: literal })
    }
    spend(components.length)
    return conditions.length === 0 ? this.#entries : this.#filtered(conditions)
  }

  /** The patterns that equal the URI masked with their shape. */
  #spelt (uri: Uri): readonly Entry<T>[] {
    // Most look-ups end at the first component: masking the URI would cost more than the rest.
    const { any, literals } = this.#positions[0]!
    if (any.size === 0 && !literals.has(uri.slice(0, endOfComponent(uri, 0)))) return nothing
    const found: Entry<T>[] = []
    for (const shape of this.#shapes.values()) {
      const slot = this.#slots.get(leftEmpty(uri, shape))
      // A URI that itself has an empty component could equal a pattern of another shape.
      if (slot !== undefined && this.#entries[slot]!.shape === shape) found.push(this.#entries[slot]!)
    }
    spend(this.#shapes.size * this.#positions.length / PARTS_OF_UNIT)
    return found
  }

  /** The patterns that have at each position the component of the URI, or an empty one. */
  #meeting (uri: Uri): readonly Entry<T>[] {
    const conditions: Condition[] = []
    let start = 0
    let count = 1
    let i = 0
    for (; i < this.#positions.length && count > 0; i++) {
      const { any: either, literals } = this.#positions[i]!
      const end = endOfComponent(uri, start)
      const condition = { either, or: literals.size === 0 ? undefined : literals.get(uri.slice(start, end)) }
      count = countOf(condition)
      if (count < this.#entries.length) conditions.push(condition)
      start = end + 1
    }
    spend(i)
    if (count === 0) return nothing
    return conditions.length === 0 ? this.#entries : this.#filtered(conditions)
  }

  #filtered (conditions: Condition[]): readonly Entry<T>[] {
    return slotsThatMeet(conditions, this.#entries.length).map((slot) => this.#entries[slot]!)
  }

  /** The slots of each position for this component, including an empty set. */
  #setsOf (components: readonly string[]): SlotSet[] {
    spend(components.length)
    return components.map((component, i) => {
      const { any, literals } = this.#positions[i]!
      if (component === '') return any
      let slots = literals.get(component)
      if (slots === undefined) literals.set(component, slots = new SlotSet())
      return slots
    })
  }

  #shapeOf (components: readonly string[]): Shape {
    const key = components.map((component) => component === '' ? '1' : '0').join('')
    let shape = this.#shapes.get(key)
    if (shape === undefined) this.#shapes.set(key, shape = { key, count: 0 })
    return shape
  }

  #prune (components: readonly string[], shape: Shape): void {
    shape.count--
    if (shape.count === 0) this.#shapes.delete(shape.key)
    for (const [i, component] of components.entries()) {
      const { literals } = this.#positions[i]!
      const slots = literals.get(component)
      if (slots === undefined || (slots.size > 0 && !mayBeSlice(component))) continue
      literals.delete(component)
      // The key may be a slice of the deleted URI, which would stay in memory.
      if (slots.size > 0) literals.set(ownString(component), slots)
    }
  }
}

/** True if, from left to right, a pattern is literal where another pattern for the same URI is not. */
export function isBetter<T> (one: Entry<T>, other: Entry<T>): boolean {
  return one.shape.key < other.shape.key
}

/** A URI with the components of a shape left empty. */
function leftEmpty (uri: Uri, { key }: Shape): string {
  let pattern = ''
  let start = 0
  for (let i = 0; i < key.length; i++) {
    const end = endOfComponent(uri, start)
    if (i > 0) pattern += '.'
    if (key[i] === '0') pattern += uri.slice(start, end)
    start = end + 1
  }
  return pattern
}

/** The end of the component that begins at `start`. */
function endOfComponent (uri: Uri, start: number): number {
  const dot = uri.indexOf('.', start)
  return dot < 0 ? uri.length : dot
}

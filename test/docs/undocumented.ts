// What the reference finds fault with.
import type { Snippet } from './snippets.ts'

export interface Silent { readonly value: number }

/** It names what its users cannot import. */
export interface Leaky {
  /** A documented member. */
  readonly silent: Silent
  /** A member of a hidden type. */
  readonly snippet: Snippet
}

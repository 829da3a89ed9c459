/** The disclosed details of a caller or publisher. */
export interface Disclosure {
  /** The identity. */
  readonly disclose: boolean
  /** The trust level, from 0 [advanced, Call Trust Levels, Publication Trust Levels]. */
  readonly trustlevel: number | undefined
}

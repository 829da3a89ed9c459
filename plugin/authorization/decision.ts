/** The decision about an action. */
export interface Decision {
  readonly allow: boolean
  /** Discloses the identity to the other side without a request. */
  readonly disclose: boolean
  /** The trust level of a call or publication, from 0; undefined if none is defined. */
  readonly trustlevel: number | undefined
  /** Allows a registration to take over a procedure from its callees. */
  readonly forceReregister: boolean
}

/** The identity of an in-process session. */
export interface JoinOptions {
  /** The authid of the session. @default 'app' */
  authid?: string
  /** The role, which determines the permissions. @default 'trusted', which may do everything */
  role?: string
  /** The time when the session ends. @default when it leaves or the app closes */
  expires?: Date | undefined
}

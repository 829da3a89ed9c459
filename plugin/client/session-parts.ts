import type { CallOptions, Dict } from '../protocol/message-options.ts'
import type { Uri } from '../protocol/uri.ts'
import type { ConnectionState } from './client-options.ts'
import type { ConnectionEnd } from './connection-end.ts'

/** How a call is made. */
export interface ClientCallOptions extends CallOptions {
  /** Cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Takes results by progress; the last one is what the call resolves to. */
  readonly onProgress?: (value: unknown) => void
}

/** Who a session is, as WELCOME says it; what a router does not say is undefined. */
export interface ClientPrincipal {
  /** The realm that it is in. */
  readonly realm?: Uri
  /** The name of the user. */
  readonly authid?: string
  /** The role, whose permissions apply. */
  readonly authrole?: string
  /** The method that the identity was first proven by, such as `wampcra`. */
  readonly authmethod?: string
  /** Who vouched: `cookie` if the cookie logged in. */
  readonly authprovider?: string
  /** What the authenticator wants the client to know. */
  readonly authextra?: Dict
}

/** Called when a session's state changes; `end` says why the last connection ended. */
export type StateListener = (state: ConnectionState, end: ConnectionEnd | null) => void

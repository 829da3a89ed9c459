import type { CallOptions, Dict } from '../protocol/message-options.ts'
import type { Uri } from '../protocol/uri.ts'
import type { ConnectionState } from './client-options.ts'
import type { ConnectionEnd } from './connection-end.ts'

/** The options of a call. */
export interface ClientCallOptions extends CallOptions {
  /** Cancels the call, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Receives progressive results. The call resolves to the last one. */
  readonly onProgress?: (value: unknown) => void
}

/** The identity of a session, from WELCOME. Fields that the router does not send are undefined. */
export interface ClientPrincipal {
  /** The realm of the session. */
  readonly realm?: Uri
  /** The name of the user. */
  readonly authid?: string
  /** The role, whose permissions apply. */
  readonly authrole?: string
  /** The method that originally proved the identity, such as `wampcra`. */
  readonly authmethod?: string
  /** The source of the identity, such as `cookie` for a login by cookie. */
  readonly authprovider?: string
  /** Information from the authenticator. */
  readonly authextra?: Dict
}

/** Called when a session's state changes. `end` describes how the last connection ended. */
export type StateListener = (state: ConnectionState, end: ConnectionEnd | null) => void

import type { Id } from './id.ts'
import type { MatchPolicy } from './uri.ts'

/** Options and details: string keys and any values. Only the known fields have been validated. */
export type Dict = { readonly [key: string]: unknown }

/** The HELLO.Details that this router reads. */
export interface HelloDetails extends Dict {
  readonly roles?: Dict
  readonly authmethods?: readonly string[]
  readonly authid?: string
  readonly authrole?: string
  readonly authextra?: Dict
  readonly agent?: string
}
/** Payload passthru attributes [advanced, Payload Passthru Mode]. */
export interface PassthruOptions {
  /** The scheme of the payload, such as `x_my_scheme`. */
  readonly ppt_scheme?: string
  /** The serializer of the payload. */
  readonly ppt_serializer?: string
  /** The encryption of the payload. */
  readonly ppt_cipher?: string
  /** The id of the encryption key. */
  readonly ppt_keyid?: string
}
/** The known PUBLISH.Options. */
export interface PublishOptions extends Dict, PassthruOptions {
  /** Requests PUBLISHED, or an ERROR if the publication is refused. */
  readonly acknowledge?: boolean
  /** Excludes the publisher from the receivers. @default true */
  readonly exclude_me?: boolean
  /** Discloses the publisher to subscribers. */
  readonly disclose_me?: boolean
  /** The sessions that do not receive the event. */
  readonly exclude?: readonly Id[]
  /** The authids whose sessions do not receive the event. */
  readonly exclude_authid?: readonly string[]
  /** The roles whose sessions do not receive the event. */
  readonly exclude_authrole?: readonly string[]
  /** The only sessions that may receive the event. */
  readonly eligible?: readonly Id[]
  /** The only authids whose sessions may receive the event. */
  readonly eligible_authid?: readonly string[]
  /** The only roles whose sessions may receive the event. */
  readonly eligible_authrole?: readonly string[]
  /** Keeps the event for later subscribers [advanced, Event Retention]. */
  readonly retain?: boolean
  /** Reserved for sharded subscriptions. */
  readonly rkey?: string
}
/** The known SUBSCRIBE.Options. */
export interface SubscribeOptions extends Dict {
  /** The match policy of the topic. @default 'exact' */
  readonly match?: MatchPolicy
  /** Requests the retained event. */
  readonly get_retained?: boolean
  /** Reserved for sharded subscriptions. */
  readonly nkey?: string
}
/** The policy by which a call selects a callee of a shared registration [advanced, Shared Registration]. */
export type InvocationPolicy = 'single' | 'roundrobin' | 'random' | 'first' | 'last'
/** The known REGISTER.Options. */
export interface RegisterOptions extends Dict {
  /** The match policy of the procedure. @default 'exact' */
  readonly match?: MatchPolicy
  /** The policy by which a call selects a callee. @default 'single' */
  readonly invoke?: InvocationPolicy
  /** Requests disclosure of the callers. */
  readonly disclose_caller?: boolean
  /** The callee, not the router, enforces the timeout of calls. */
  readonly forward_timeout?: boolean
  /** The maximum number of concurrent calls. */
  readonly concurrency?: number
  /** Takes over the procedure from its callees, if the role has the permission. */
  readonly force_reregister?: boolean
}
/** The known CALL.Options. */
export interface CallOptions extends Dict, PassthruOptions {
  /** The timeout in milliseconds; 0 for none. */
  readonly timeout?: number
  /** Requests progressive results. */
  readonly receive_progress?: boolean
  /** Further input follows with the same request id. */
  readonly progress?: boolean
  /** Discloses the caller to the callee. */
  readonly disclose_me?: boolean
  /** Reserved for sharded registrations. */
  readonly rkey?: string
  /** Reserved for sharded registrations. */
  readonly runmode?: string
}
/** The mode of canceling a call [advanced, Call Canceling]. */
export type CancelMode = 'skip' | 'kill' | 'killnowait'
/** The known CANCEL.Options. */
export interface CancelOptions extends Dict { readonly mode?: CancelMode }
/** The known YIELD.Options. */
export interface YieldOptions extends Dict, PassthruOptions { readonly progress?: boolean }

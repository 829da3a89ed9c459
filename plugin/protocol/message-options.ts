import type { Id } from './id.ts'
import type { MatchPolicy } from './uri.ts'

/** Options and details: string keys, any values. Only what the wire table knows has been checked. */
export type Dict = { readonly [key: string]: unknown }

/** HELLO.Details as far as this router reads them. */
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
  /** How the payload was serialized. */
  readonly ppt_serializer?: string
  /** How the payload was encrypted. */
  readonly ppt_cipher?: string
  /** The key that it was encrypted with. */
  readonly ppt_keyid?: string
}
/** PUBLISH.Options that are known. */
export interface PublishOptions extends Dict, PassthruOptions {
  /** Asks for PUBLISHED, or the ERROR of a refusal. */
  readonly acknowledge?: boolean
  /** Whether the publisher itself is left out. @default true */
  readonly exclude_me?: boolean
  /** Tells subscribers who publishes. */
  readonly disclose_me?: boolean
  /** Sessions that do not receive it. */
  readonly exclude?: readonly Id[]
  /** Authids whose sessions do not receive it. */
  readonly exclude_authid?: readonly string[]
  /** Roles whose sessions do not receive it. */
  readonly exclude_authrole?: readonly string[]
  /** The only sessions that may receive it. */
  readonly eligible?: readonly Id[]
  /** The only authids whose sessions may receive it. */
  readonly eligible_authid?: readonly string[]
  /** The only roles whose sessions may receive it. */
  readonly eligible_authrole?: readonly string[]
  /** Keeps the event for who subscribes later [advanced, Event Retention]. */
  readonly retain?: boolean
  /** Reserved for sharded subscriptions. */
  readonly rkey?: string
}
/** SUBSCRIBE.Options that are known. */
export interface SubscribeOptions extends Dict {
  /** How the topic is compared. @default 'exact' */
  readonly match?: MatchPolicy
  /** Asks for the retained event. */
  readonly get_retained?: boolean
  /** Reserved for sharded subscriptions. */
  readonly nkey?: string
}
/** How a call picks among the callees of a shared registration [advanced, Shared Registration]. */
export type InvocationPolicy = 'single' | 'roundrobin' | 'random' | 'first' | 'last'
/** REGISTER.Options that are known. */
export interface RegisterOptions extends Dict {
  /** How the procedure is compared. @default 'exact' */
  readonly match?: MatchPolicy
  /** How a call picks among several callees. @default 'single' */
  readonly invoke?: InvocationPolicy
  /** Asks to be told who calls. */
  readonly disclose_caller?: boolean
  /** The callee watches the time of calls, and not the router. */
  readonly forward_timeout?: boolean
  /** The most calls that it takes at once. */
  readonly concurrency?: number
  /** Takes the procedure over from its callees, if its role may. */
  readonly force_reregister?: boolean
}
/** CALL.Options that are known. `timeout` is in milliseconds, 0 is none. */
export interface CallOptions extends Dict, PassthruOptions {
  /** Milliseconds, 0 for none. */
  readonly timeout?: number
  /** Asks for results by progress. */
  readonly receive_progress?: boolean
  /** More input will follow under the same request. */
  readonly progress?: boolean
  /** Tells the callee who calls. */
  readonly disclose_me?: boolean
  /** Reserved for sharded registrations. */
  readonly rkey?: string
  /** Reserved for sharded registrations. */
  readonly runmode?: string
}
/** How a call is canceled [advanced, Call Canceling]. */
export type CancelMode = 'skip' | 'kill' | 'killnowait'
/** CANCEL.Options that are known. */
export interface CancelOptions extends Dict { readonly mode?: CancelMode }
/** YIELD.Options that are known. */
export interface YieldOptions extends Dict, PassthruOptions { readonly progress?: boolean }

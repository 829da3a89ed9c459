// What the tests use of AutobahnJS, which comes without types.
declare module 'autobahn' {
  type Args = unknown[]
  type Kwargs = Record<string, unknown>

  interface Result {
    readonly args: Args
    readonly kwargs: Kwargs
  }

  interface WampError {
    readonly error: string
    readonly args: Args
    readonly kwargs: Kwargs
  }

  interface Event {
    readonly publication: number
    readonly topic: string
    readonly publisher?: number
  }

  interface Invocation {
    readonly procedure: string
    readonly caller?: number
    readonly caller_authid?: string
    /** Sends a result by progress; only if the caller asked for it. */
    readonly progress?: ((args: Args, kwargs?: Kwargs) => void) | null
  }

  interface Subscription {
    unsubscribe (): Promise<boolean>
  }

  interface Registration {
    unregister (): Promise<void>
  }

  interface Call extends Promise<unknown> {
    cancel (options?: { mode: 'skip' | 'kill' | 'killnowait' }): void
  }

  interface Session {
    readonly id: number
    leave (reason?: string): void
    call (procedure: string, args?: Args, kwargs?: Kwargs, options?: object): Call
    register (procedure: string, endpoint: (args: Args, kwargs: Kwargs, invocation: Invocation) => unknown, options?: object): Promise<Registration>
    subscribe (topic: string, handler: (args: Args, kwargs: Kwargs, event: Event) => void, options?: object): Promise<Subscription>
    publish (topic: string, args?: Args, kwargs?: Kwargs, options?: object): Promise<{ readonly id: number }> | undefined
  }

  interface Welcome {
    readonly authid: string
    readonly authrole: string
    readonly authmethod: string
    readonly authprovider: string
    readonly transport: { readonly protocol: string }
  }

  interface ChallengeExtra {
    readonly challenge: string
    readonly salt?: string
    readonly iterations?: number
    readonly keylen?: number
  }

  interface KeyPair {
    readonly publicKey: Uint8Array
    readonly secretKey: Uint8Array
  }

  interface ConnectionOptions {
    readonly url?: string
    readonly transports?: readonly (
      | { readonly type: 'websocket', readonly url: string, readonly headers?: Record<string, string> }
      | { readonly type: 'rawsocket', readonly host?: string, readonly port?: number, readonly path?: string }
    )[]
    readonly realm: string
    readonly authid?: string
    readonly authmethods?: readonly string[]
    readonly authextra?: Kwargs
    readonly onchallenge?: (session: Session, method: string, extra: ChallengeExtra) => string
    readonly serializers?: readonly object[]
    readonly use_es6_promises?: boolean
    readonly use_deferred?: () => object
    readonly on_user_error?: (error: unknown) => void
    readonly on_internal_error?: (error: unknown) => void
  }

  interface Connection {
    readonly isConnected: boolean
    onopen: (session: Session, details: Welcome) => void
    onclose: (reason: string, details: { readonly reason: string | null, readonly message: string | null }) => boolean
    open (): void
    close (reason?: string): void
  }

  const autobahn: {
    readonly Connection: new (options: ConnectionOptions) => Connection
    readonly Result: new (args?: Args, kwargs?: Kwargs) => Result
    readonly Error: new (error: string, args?: Args, kwargs?: Kwargs) => WampError
    readonly auth_cra: {
      sign (key: string, challenge: string): string
      derive_key (secret: string, salt: string, iterations?: number, keylen?: number): string
    }
    readonly auth_cryptosign: {
      public_key (pair: KeyPair): string
      sign_challenge (pair: KeyPair, extra: ChallengeExtra): string
    }
    readonly nacl: { readonly sign: { readonly keyPair: { fromSeed (seed: Uint8Array): KeyPair } } }
    readonly serializer: {
      readonly JSONSerializer: new () => object
      readonly MsgpackSerializer: new () => object
      readonly CBORSerializer: new () => object
    }
    readonly log: { warn: (...args: unknown[]) => void }
  }
  export default autobahn
  export type { ChallengeExtra, ConnectionOptions, Session, Welcome, WampError }
}

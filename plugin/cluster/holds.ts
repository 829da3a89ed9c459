import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Claim } from '../routing/federation.ts'
import type { Subscription } from '../routing/subscription.ts'

/** A subscription that this node holds or is about to hold. */
class Hold {
  /** `raising`: not all nodes know yet that this node has subscribers. */
  state: 'raising' | 'held' = 'raising'
  /** The requests that wait, or are about to be executed. */
  claims = 0
  /** Resolves when all nodes know. Rejects if they cannot be reached. */
  ready!: Promise<void>
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor () {
    this.#wait()
  }

  settle (): void {
    this.state = 'held'
    this.#resolve()
  }

  /** The requests that wait fail. Later ones wait again. */
  abort (error: unknown): void {
    this.#reject(error)
    this.#wait()
  }

  #wait (): void {
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.ready.catch(() => {})
  }
}

/** The subscriptions of one realm that this node holds or is about to hold. */
export class Holds {
  readonly #find: (uri: Uri, match: MatchPolicy) => Subscription | undefined
  readonly #raise: (uri: Uri, match: MatchPolicy, session: Id) => Promise<void>
  readonly #drop: (subscription: Id, session: Id) => void
  readonly #holds = new Map<string, Hold>()

  constructor ({ find, raise, drop }: {
    find: (uri: Uri, match: MatchPolicy) => Subscription | undefined
    /** Announces to all nodes that this one has subscribers. Resolves when all know it. */
    raise: (uri: Uri, match: MatchPolicy, session: Id) => Promise<void>
    /** Announces that it has none any more. */
    drop: (subscription: Id, session: Id) => void
  }) {
    this.#find = find
    this.#raise = raise
    this.#drop = drop
  }

  /** Null if this node holds the subscription already. */
  claim (uri: Uri, match: MatchPolicy, session: Id): Claim | null {
    const key = keyOf(uri, match)
    let hold = this.#holds.get(key)
    if (hold?.state === 'held') return null
    if (hold === undefined) this.#holds.set(key, hold = this.#start(uri, match, session))
    hold.claims++
    const { ready } = hold
    let state: 'claimed' | 'released' = 'claimed'
    return {
      ready,
      release: () => {
        if (state === 'released') return
        state = 'released'
        hold.claims--
        this.#check(uri, match, session)
      }
    }
  }

  /** The last subscriber of this node has left. */
  unused ({ uri, match }: Subscription, session: Id): void {
    this.#check(uri, match, session)
  }

  /** The other nodes cannot be reached: the requests that wait fail. */
  abort (error: unknown): void {
    for (const hold of this.#holds.values()) if (hold.state === 'raising') hold.abort(error)
  }

  #start (uri: Uri, match: MatchPolicy, session: Id): Hold {
    const hold = new Hold()
    this.#raise(uri, match, session).then(() => {
      hold.settle()
      this.#check(uri, match, session)
    }, (error: unknown) => {
      this.#holds.delete(keyOf(uri, match))
      hold.abort(error)
    })
    return hold
  }

  /** Lowers what nobody uses. */
  #check (uri: Uri, match: MatchPolicy, session: Id): void {
    const key = keyOf(uri, match)
    const hold = this.#holds.get(key)
    const subscription = this.#find(uri, match)
    if (hold === undefined || hold.state === 'raising' || hold.claims > 0 || subscription === undefined || subscription.subscribers.size > 0) return
    this.#holds.delete(key)
    this.#drop(subscription.id, session)
  }
}

function keyOf (uri: Uri, match: MatchPolicy): string {
  return `${match} ${uri}`
}

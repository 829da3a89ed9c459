import type { Id } from '../protocol/id.ts'
import type { Uri } from '../protocol/uri.ts'
import type { FederatedSessions } from '../routing/federated-routing.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { NodeId } from './node-id.ts'
import { RemoteSession, fieldsOf } from './remote-session.ts'
import type { SessionFields } from './remote-session.ts'

/** Sessions in one message. */
const SESSIONS_OF_MESSAGE = 1000

/** The news of a node about its sessions. With `all`, earlier news is void. */
export interface RosterNews {
  readonly scope: 'all' | 'changes'
  readonly joined: readonly SessionFields[]
  readonly left: readonly Id[]
}

/** The sessions of one realm on the other nodes, and what the other nodes know about those of this one. */
export class Roster {
  readonly #realm: Uri
  readonly #sessions: () => FederatedSessions
  readonly #tell: (to: NodeId | null, news: RosterNews) => void
  readonly #byNode = new Map<NodeId, Map<Id, RemoteSession>>()
  /** News for the other nodes, which is sent before anything else. */
  #joined: SessionFields[] = []
  #left: Id[] = []

  constructor ({ realm, sessions, tell }: {
    realm: Uri
    sessions: () => FederatedSessions
    /** Tells a node, or all for null. */
    tell: (to: NodeId | null, news: RosterNews) => void
  }) {
    this.#realm = realm
    this.#sessions = sessions
    this.#tell = tell
  }

  joined (session: RoutedSession): void {
    this.#joined.push(fieldsOf(session))
  }

  left ({ id }: RoutedSession): void {
    this.#left.push(id)
  }

  /** Tells all nodes what is new. */
  flush (): void {
    if (this.#joined.length === 0 && this.#left.length === 0) return
    const [joined, left] = [this.#joined, this.#left]
    this.#joined = []
    this.#left = []
    this.#tell(null, { scope: 'changes', joined, left })
  }

  /** Tells a node, or all for null, about all sessions. */
  introduce (to: NodeId | null): void {
    if (to === null) {
      this.#joined = []
      this.#left = []
    }
    const all = Array.from(this.#sessions().shown(), fieldsOf)
    for (let i = 0; i === 0 || i < all.length; i += SESSIONS_OF_MESSAGE) {
      this.#tell(to, { scope: i === 0 ? 'all' : 'changes', joined: all.slice(i, i + SESSIONS_OF_MESSAGE), left: [] })
    }
  }

  /** A node has told about its sessions. */
  take (from: NodeId, { scope, joined, left }: RosterNews): void {
    let known = this.#byNode.get(from)
    if (known === undefined) this.#byNode.set(from, known = new Map())
    if (scope === 'all') this.#keepOnly(known, new Set(joined.map(([id]) => id)))
    for (const fields of joined) {
      if (known.has(fields[0])) continue
      const session = new RemoteSession(this.#realm, from, fields)
      known.set(session.id, session)
      this.#sessions().arrived(session)
    }
    for (const id of left) this.#delete(known, id)
  }

  /** A node has ended. Returns its sessions. */
  forget (node: NodeId): RoutedSession[] {
    const sessions = [...this.#byNode.get(node)?.values() ?? []]
    this.#byNode.delete(node)
    return sessions
  }

  #keepOnly (known: Map<Id, RemoteSession>, ids: ReadonlySet<Id>): void {
    for (const id of [...known.keys()]) if (!ids.has(id)) this.#delete(known, id)
  }

  #delete (known: Map<Id, RemoteSession>, id: Id): void {
    const session = known.get(id)
    if (session === undefined) return
    known.delete(id)
    this.#sessions().departed(session)
  }
}

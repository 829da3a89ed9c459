import { MessageType } from '../protocol/message.ts'
import type { Publish, PublishOptions } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import type { RoutedSession } from './routed-session.ts'

/** When a testament is published. Without session resumption both are the session's end, `detached` first. */
export type TestamentScope = 'detached' | 'destroyed'

/** What sessions want to be published when they have ended [advanced, Testaments]. */
export class Testaments {
  readonly #limit: number
  readonly #bytes: number
  readonly #kept = new Map<RoutedSession, Record<TestamentScope, Publish[]>>()

  constructor ({ limit, bytes }: {
    /** How many a session may have. */
    limit: number
    /** How many bytes these may take together. */
    bytes: number
  }) {
    this.#limit = limit
    this.#bytes = bytes
  }

  /** Keeps a testament. False if the session has too many. */
  add (session: RoutedSession, scope: TestamentScope, topic: Uri, options: PublishOptions, payload: Payload): boolean {
    const kept = this.#kept.get(session) ?? { detached: [], destroyed: [] }
    // Nobody will be there to be acknowledged.
    const testament: Publish = { type: MessageType.Publish, request: 1, options: { ...options, acknowledge: false }, topic, payload }
    const all = [...kept.detached, ...kept.destroyed, testament]
    if (all.length > this.#limit || all.reduce((sum, one) => sum + sizeOf(one), 0) > this.#bytes) return false
    kept[scope].push(testament)
    this.#kept.set(session, kept)
    return true
  }

  flush (session: RoutedSession, scope: TestamentScope): void {
    const kept = this.#kept.get(session)
    if (kept !== undefined) kept[scope] = []
  }

  /** The testaments of a session that has ended, in the order of publication. They are kept no longer. */
  take (session: RoutedSession): readonly Publish[] {
    const { detached, destroyed } = this.#kept.get(session) ?? { detached: [], destroyed: [] }
    this.#kept.delete(session)
    return [...detached, ...destroyed]
  }
}

function sizeOf ({ topic, options, payload }: Publish): number {
  return topic.length + Payload.of([options]).size + payload.size
}

import { MessageType } from '../protocol/message.ts'
import type { Publish, PublishOptions } from '../protocol/message.ts'
import { sizeOf } from '../protocol/payload.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { spendOctets } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'

/** The time at which a testament is published. Without session resumption, both are the session's end, `detached` first. */
export type TestamentScope = 'detached' | 'destroyed'

/** The testaments of one scope, and their total number of bytes. */
interface Scope { testaments: Publish[], size: number }

/** The publications that sessions have requested for their end [advanced, Testaments]. */
export class Testaments {
  readonly #limit: number
  readonly #bytes: number
  readonly #kept = new Map<RoutedSession, Record<TestamentScope, Scope>>()

  constructor ({ limit, bytes }: {
    /** The maximum number of testaments per session. */
    limit: number
    /** The maximum number of bytes in total. */
    bytes: number
  }) {
    this.#limit = limit
    this.#bytes = bytes
  }

  /** Stores a testament. False if the session has too many. */
  add (session: RoutedSession, scope: TestamentScope, topic: Uri, options: PublishOptions, payload: Payload): boolean {
    const kept = this.#kept.get(session) ?? { detached: { testaments: [], size: 0 }, destroyed: { testaments: [], size: 0 } }
    const { detached, destroyed } = kept
    if (detached.testaments.length + destroyed.testaments.length >= this.#limit) return false
    const size = sizeOfTestament({ topic, options, payload })
    spendOctets(size)
    if (detached.size + destroyed.size + size > this.#bytes) return false
    // The session will not receive an acknowledgment.
    kept[scope].testaments.push({ type: MessageType.Publish, request: 1, options: { ...options, acknowledge: false }, topic, payload })
    kept[scope].size += size
    this.#kept.set(session, kept)
    return true
  }

  flush (session: RoutedSession, scope: TestamentScope): void {
    const kept = this.#kept.get(session)
    if (kept !== undefined) kept[scope] = { testaments: [], size: 0 }
  }

  /** The testaments of a session that has ended, in the order of publication. They are removed. */
  take (session: RoutedSession): readonly Publish[] {
    const kept = this.#kept.get(session)
    if (kept === undefined) return []
    this.#kept.delete(session)
    return [...kept.detached.testaments, ...kept.destroyed.testaments]
  }
}

/** The approximate number of bytes of memory of a testament. */
export function sizeOfTestament ({ topic, options, payload }: Pick<Publish, 'topic' | 'options' | 'payload'>): number {
  return topic.length + sizeOf(options) + payload.size
}

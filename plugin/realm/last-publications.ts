import type { Publish } from '../protocol/message.ts'
import { nextTurn, spend } from '../work.ts'
import type { RealmLog } from '../authorization/decisions.ts'
import type { ParkedRequest } from './parked-request.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import { sizeOfTestament } from '../routing/testaments.ts'

/** The units of work of the publication of a testament, without its subscribers. */
const UNITS_OF_TESTAMENT = 20
/** Bytes of memory of a session that has left, with its pending decision, and of a testament, in addition to its size. */
const BYTES_OF_SESSION = 4096
const BYTES_OF_TESTAMENT = 256

/**
 * The testaments of sessions that have left. If an authorizer has to decide about one, those of the same session wait. A client can join, add
 * testaments and leave again while earlier ones wait, so their memory is limited.
 */
export class LastPublications {
  readonly #publish: (session: RoutedSession, testament: Publish) => ParkedRequest | undefined
  readonly #limit: number
  readonly #log: RealmLog
  /** The bytes of the testaments that wait, and of their sessions. */
  #waiting = 0

  constructor ({ publish, limit, log }: {
    /** Publishes for a session. Returns the publication if it waits for an authorizer. May throw. */
    publish: (session: RoutedSession, testament: Publish) => ParkedRequest | undefined
    /** The maximum number of bytes that wait. */
    limit: number
    log: RealmLog
  }) {
    this.#publish = publish
    this.#limit = limit
    this.#log = log
  }

  /** Publishes one testament per step. */
  * publish (session: RoutedSession, testaments: readonly Publish[]): Generator<void> {
    for (const [i, testament] of testaments.entries()) {
      const parked = this.#start(session, testament)
      if (parked !== undefined) {
        this.#hold(session, testaments.slice(i), parked)
        return
      }
      yield
    }
  }

  /** The first testament is parked already. */
  #hold (session: RoutedSession, testaments: readonly Publish[], parked: ParkedRequest): void {
    const bytes = testaments.reduce((sum, testament) => sum + sizeOfTestament(testament) + BYTES_OF_TESTAMENT, BYTES_OF_SESSION)
    if (this.#waiting + bytes > this.#limit) {
      parked.abandon('gone')
      this.#log.error({ testaments: testaments.length, limit: this.#limit }, 'limits.storedBytes: testaments were dropped, because too many wait for an authorizer')
      return
    }
    this.#waiting += bytes
    this.#publishLater(session, testaments, parked).then(() => { this.#waiting -= bytes })
  }

  /** Never rejects, because its session has left. */
  async #publishLater (session: RoutedSession, [first, ...others]: readonly Publish[], parked: ParkedRequest): Promise<void> {
    await parked.settled.catch((error: unknown) => { this.#failed(first!, error) })
    for (const testament of others) {
      await (nextTurn(session) ?? undefined)
      await this.#start(session, testament)?.settled.catch((error: unknown) => { this.#failed(testament, error) })
    }
  }

  #start (session: RoutedSession, testament: Publish): ParkedRequest | undefined {
    spend(UNITS_OF_TESTAMENT)
    try {
      return this.#publish(session, testament)
    } catch (error) {
      this.#failed(testament, error)
      return undefined
    }
  }

  #failed ({ topic }: Publish, error: unknown): void {
    this.#log.error({ err: error, topic }, 'a testament could not be published')
  }
}

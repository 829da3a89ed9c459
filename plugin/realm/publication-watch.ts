import { identityOf, publicationEnded, publicationStarted, tellable } from '../diagnostics.ts'
import type { PublicationEndedMessage, PublicationMessage } from '../diagnostics.ts'
import type { Dict, Publish } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { RoutedSession } from './routed-session.ts'

/** The options that are told. */
const types = { acknowledge: 'boolean', exclude_me: 'boolean', disclose_me: 'boolean', retain: 'boolean', traceparent: 'string', tracestate: 'string' } as const

/** Tells the diagnostics channels what becomes of one publication. Only made while somebody listens. */
export class PublicationWatch {
  readonly #publication: PublicationMessage

  private constructor (publication: PublicationMessage) {
    this.#publication = publication
  }

  /** Tells that a publication has started. Null if nobody wants to know of publications. */
  static start (router: object, publisher: RoutedSession, { request, topic, options }: Publish): PublicationWatch | null {
    if (!publicationStarted.hasSubscribers && !publicationEnded.hasSubscribers) return null
    const publication: PublicationMessage = { router, publisher: identityOf(publisher), request, topic, options: tellable(options, types), details: {} }
    publicationStarted.publish(publication)
    return new PublicationWatch(publication)
  }

  /** What a subscriber has EVENT.Details carry besides, or null. */
  get details (): Dict | null {
    const { details } = this.#publication
    return Object.keys(details).length === 0 ? null : details
  }

  /** The publication is over. */
  end (outcome: PublicationEndedMessage['outcome'], { receivers = 0, error = null }: { receivers?: number, error?: Uri | null } = {}): void {
    if (publicationEnded.hasSubscribers) publicationEnded.publish({ router: this.#publication.router, publication: this.#publication, outcome, error, receivers })
  }
}

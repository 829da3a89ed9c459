import { identityOf, publicationEnded, publicationStarted, tellable } from '../diagnostics.ts'
import type { PublicationEndedMessage, PublicationMessage } from '../diagnostics.ts'
import type { Dict, Publish } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import type { PublicationWatch } from '../routing/request-observer.ts'
import type { RoutedSession } from '../routing/routed-session.ts'

/** The published options. */
const types = { acknowledge: 'boolean', exclude_me: 'boolean', disclose_me: 'boolean', retain: 'boolean', traceparent: 'string', tracestate: 'string' } as const

/** Publishes the progress of one publication to the diagnostics channels. Only created if there are subscribers. */
export class PublicationReport implements PublicationWatch {
  readonly #publication: PublicationMessage

  private constructor (publication: PublicationMessage) {
    this.#publication = publication
  }

  /** Publishes the start of a publication. Null if there are no subscribers. */
  static start (router: object, publisher: RoutedSession, { request, topic, options }: Publish): PublicationReport | null {
    if (!publicationStarted.hasSubscribers && !publicationEnded.hasSubscribers) return null
    const publication: PublicationMessage = { router, publisher: identityOf(publisher), request, topic, options: tellable(options, types), details: {} }
    publicationStarted.publish(publication)
    return new PublicationReport(publication)
  }

  get details (): Dict | null {
    const { details } = this.#publication
    return Object.keys(details).length === 0 ? null : details
  }

  end (outcome: PublicationEndedMessage['outcome'], { receivers = 0, error = null }: { receivers?: number, error?: Uri | null } = {}): void {
    if (publicationEnded.hasSubscribers) publicationEnded.publish({ router: this.#publication.router, publication: this.#publication, outcome, error, receivers })
  }
}

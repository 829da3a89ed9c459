import type { Call, Publish } from '../protocol/message.ts'
import type { RequestObserver } from '../routing/request-observer.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import { CallReport } from './call-report.ts'
import { PublicationReport } from './publication-report.ts'

/** Publishes the requests of a router's sessions to the diagnostics channels, if they have subscribers. */
export class RequestReports implements RequestObserver {
  readonly #router: object

  /** `router` is passed to the subscribers. */
  constructor (router: object) {
    this.#router = router
  }

  called (caller: RoutedSession, call: Call): CallReport | null {
    return CallReport.start(this.#router, caller, call)
  }

  published (publisher: RoutedSession, publish: Publish): PublicationReport | null {
    return PublicationReport.start(this.#router, publisher, publish)
  }
}

import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'

/** The ids of a session's requests, where they must be one sequence [basic, IDs]. */
export class RequestIds {
  #last: Id = 0

  /** The id of the next request. */
  get next (): Id { return nextId(this.#last) }

  /** Takes note of a request. False for one out of sequence. */
  take (request: Id): boolean {
    if (request !== this.next) return false
    this.#last = request
    return true
  }
}

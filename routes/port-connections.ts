import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import type { Connection } from '../plugin/session/connection.ts'

/** The connections to the router that were made at one further port, and the pending requests there. */
export class PortConnections {
  readonly #open = new Set<Connection>()
  readonly #requests = new Set<() => void>()
  #state: 'open' | 'closing' | 'over' = 'open'
  #timer: NodeJS.Timeout | undefined

  /** False when the port is closing or closed. */
  get isOpen (): boolean {
    return this.#state === 'open'
  }

  /** Adds a connection, and ends it if the port is closing. */
  add (connection: Connection): void {
    this.#open.add(connection)
    if (this.#state !== 'open') connection.shutDown()
  }

  /** Removes a connection that is closed. */
  delete (connection: Connection): void {
    this.#open.delete(connection)
  }

  /** Lets a session of a request end with the port, because its calls may never be answered. Returns the session. */
  own (session: InProcessSession): InProcessSession {
    session.whenClosed(this.whenOver(() => { session.leave(reasons.systemShutdown) }))
    return session
  }

  /** Calls back when a pending request must end, because the port closes. Call the returned function when the request is over. */
  whenOver (end: () => void): () => void {
    if (this.#state === 'over') end()
    this.#requests.add(end)
    return () => { this.#requests.delete(end) }
  }

  /** Ends all connections now, and pending requests after this number of milliseconds, as the router does when its app closes. */
  end (patience: number): void {
    this.#state = 'closing'
    for (const connection of [...this.#open]) connection.shutDown()
    this.#timer = setTimeout(() => {
      this.#state = 'over'
      for (const end of this.#requests) end()
    }, patience)
  }

  /** Stops waiting for requests, because all of them have ended. */
  close (): void {
    clearTimeout(this.#timer)
  }
}

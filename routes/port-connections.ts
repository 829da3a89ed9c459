import type { Connection } from '../plugin/session/connection.ts'

/** The connections to the router that were made at one further port. */
export class PortConnections {
  readonly #open = new Set<Connection>()
  #state: 'open' | 'closing' = 'open'

  /** Adds a connection, and ends it if the port is closing. */
  add (connection: Connection): void {
    this.#open.add(connection)
    if (this.#state === 'closing') connection.shutDown()
  }

  /** Removes a connection that is closed. */
  delete (connection: Connection): void {
    this.#open.delete(connection)
  }

  /** Ends all connections, as the router does when its app closes. */
  end (): void {
    this.#state = 'closing'
    for (const connection of [...this.#open]) connection.shutDown()
  }
}

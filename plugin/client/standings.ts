import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import { ClientError } from './client-error.ts'
import type { EventHandler, Link } from './link.ts'
import { Standing } from './standing.ts'
import type { StandingParts } from './standing.ts'

/** The subscriptions and registrations of a session, in their order. */
export class Standings {
  readonly #all = new Set<Standing>()
  #link: Link | null = null
  #closed: Error | undefined

  /** Adds one. Resolves when the router has accepted it. */
  async begin (link: Link, parts: StandingParts): Promise<Standing> {
    // A request that waited for the connection may find that it has already ended.
    if (this.#closed) throw this.#closed
    const standing = new Standing(parts)
    this.#all.add(standing)
    try {
      await standing.begin(link)
      return standing
    } catch (error) {
      this.#all.delete(standing)
      throw error
    }
  }

  /** Asks for all of them again, in a new connection. */
  restore (link: Link): void {
    this.#link = link
    for (const standing of [...this.#all]) {
      if (standing.state === 'over') this.#all.delete(standing)
      else standing.establish(link)
    }
  }

  /** The router has ended those of this id. */
  revoked (type: 32 | 64, id: Id, error: unknown): void {
    for (const standing of [...this.#all]) {
      if (standing.type !== type || standing.id !== id) continue
      this.#all.delete(standing)
      standing.revoke(error)
    }
  }

  /** The session is closed. */
  end (error: Error): void {
    this.#closed = error
    for (const standing of this.#all) standing.end(error)
    this.#all.clear()
    this.#link = null
  }

  /** Ends a subscription, unless others of this session hold the same, or are about to. */
  async unsubscribe (standing: Standing, handler: EventHandler): Promise<void> {
    if (!this.#discard(standing)) return
    this.#link?.removeHandler(standing.id, handler)
    const link = await this.#settled(standing)
    link?.removeHandler(standing.id, handler)
    await whileConnected(link?.giveUp(standing.id))
  }

  /** Ends a registration. */
  async unregister (standing: Standing): Promise<void> {
    if (!this.#discard(standing)) return
    const link = await this.#settled(standing)
    const { id } = standing
    if (id === 0) return
    await whileConnected(link?.request({ type: MessageType.Unregister, fields: [id], accept: () => { link.invocations.handlers.delete(id) } }))
  }

  /** False if nobody wants it any more already. */
  #discard (standing: Standing): boolean {
    if (!this.#all.delete(standing) || standing.state === 'over') return false
    standing.end(undefined)
    return true
  }

  /** The connection, when the router has answered all that was asked for the same; null without one. */
  async #settled (standing: Standing): Promise<Link | null> {
    const link = this.#link
    for (let one: Standing | undefined = standing; one; one = [...this.#all].find(({ key, state }) => state === 'establishing' && key === standing.key)) {
      await one.established
    }
    return link === this.#link ? link : null
  }
}

/** What the router has of a session ends with the connection, too. */
async function whileConnected (request: Promise<unknown> | undefined): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
  }
}

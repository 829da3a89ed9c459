import type { InProcessSession, Received } from '../plugin/in-process/in-process-session.ts'
import type { Id } from '../plugin/protocol/id.ts'

/** Events that are asked for at once. */
const PAGE = 100

/**
 * What a subscription has seen since an event that a client had, the oldest first [advanced, Event History]: all that is
 * kept if that event is not. Throws the WampError of a refusal, such as `wamp.error.history_unavailable`.
 */
export async function * missedEvents (session: InProcessSession, subscription: Id, last: Id): AsyncGenerator<Received, void> {
  const ask = async (which: object): Promise<Array<Partial<Received> & Omit<Received, 'args' | 'kwargs'>>> =>
    await session.call('wamp.subscription.get_events', [subscription], { limit: PAGE, ...which })
  for (let since = last; ;) {
    let page = await ask({ after_publication: since })
    // Nothing came after it, or nobody knows it.
    if (page.length === 0 && (await ask({ from_publication: since, limit: 1 })).length === 0) page = await ask({})
    for (const { args = [], kwargs = {}, details, publication } of page) yield { args, kwargs, details, publication }
    const newest = page.at(-1)
    if (newest === undefined) return
    since = newest.publication
  }
}

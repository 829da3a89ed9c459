import { WampError } from '../plugin/errors.ts'
import type { Received } from '../plugin/peer/session-types.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import type { Id } from '../plugin/protocol/id.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import { nextTurn, spend } from '../plugin/work.ts'

/** Events that are asked for at once. */
const PAGE = 100
/** Units of work that it takes to give one of them to a client, beside what is counted as it is looked for. */
const UNITS_OF_EVENT = 200

/** An event, as `wamp.subscription.get_events` lists it. */
type Kept = Omit<Received, 'args' | 'kwargs'> & Partial<Received>

/**
 * What a subscription has seen since an event that a client had, the oldest first [advanced, Event History]: all that is
 * kept if that event is not. Nothing where no history is kept, or the session may not ask for it. Throws the WampError of any
 * other refusal. Who reads slowly may find that the history went on without it: what comes after that is for who is subscribed. Who reads at once gets
 * no more than a page in a turn of the event loop: `owner` is whom the work is for.
 */
export async function * missedEvents (session: Pick<InProcessSession, 'call'>, subscription: Id, last: Id, owner: object): AsyncGenerator<Received, void> {
  const ask = async (which: object): Promise<Kept[]> => await session.call('wamp.subscription.get_events', [subscription], { limit: PAGE, ...which })
  let page = await firstPage(ask, last)
  while (page.length > 0) {
    for (const { args = [], kwargs = {}, details, publication } of page) {
      spend(UNITS_OF_EVENT)
      yield { args, kwargs, details, publication }
    }
    await (nextTurn(owner) ?? undefined)
    page = await ask({ after_publication: page.at(-1)!.publication })
  }
}

async function firstPage (ask: (which: object) => Promise<Kept[]>, last: Id): Promise<Kept[]> {
  try {
    const page = await ask({ after_publication: last })
    // Nothing came after it, or nobody knows it.
    return page.length > 0 || (await ask({ from_publication: last, limit: 1 })).length > 0 ? page : await ask({})
  } catch (error) {
    if (error instanceof WampError && (error.error === reasons.historyUnavailable || error.error === reasons.notAuthorized)) return []
    throw error
  }
}

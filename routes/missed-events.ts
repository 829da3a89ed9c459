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

/** The texts of events, and the newest of these. */
interface Page { readonly texts: (Buffer | null)[], readonly newest: Id | undefined }

/**
 * The events of a subscription after the last one that a client received, the oldest first, as text [advanced, Event History]. If that event
 * is no longer stored, all stored events. Yields nothing without a history, or if the session may not read it. Throws the WampError of any
 * other refusal. Each page becomes text when it arrives, because its values could use a hundred times as much memory while a client reads
 * slowly. Such a client misses events that are removed meanwhile. A client that reads at once receives at most one page in a turn of the
 * event loop.
 */
export async function * missedEvents (session: Pick<InProcessSession, 'call'>, { subscription, last, owner, whenUnneeded, textOf }: {
  readonly subscription: Id
  readonly last: Id
  /** Whom the work is for. */
  readonly owner: object
  /** Receives a function to call when nobody needs the events any more. */
  readonly whenUnneeded: (leave: () => void) => void
  /** The text of an event, or null if it has none. */
  readonly textOf: (event: Received) => Buffer | null
}): AsyncGenerator<Buffer, void> {
  const ask = async (which: object): Promise<Kept[]> => await session.call('wamp.subscription.get_events', [subscription], { limit: PAGE, ...which })
  const pageOf = async (events: Promise<Kept[]>): Promise<Page> => readPage(await events, textOf)
  let page = await pageOf(firstPage(ask, last))
  while (page.newest !== undefined) {
    for (let text = page.texts.shift(); text !== undefined; text = page.texts.shift()) if (text !== null) yield text
    await (nextTurn(owner, whenUnneeded) ?? undefined)
    page = await pageOf(ask({ after_publication: page.newest }))
  }
}

function readPage (events: readonly Kept[], textOf: (event: Received) => Buffer | null): Page {
  spend(events.length * UNITS_OF_EVENT)
  const texts = events.map(({ args = [], kwargs = {}, details, publication }) => textOf({ args, kwargs, details, publication }))
  return { texts, newest: events.at(-1)?.publication }
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

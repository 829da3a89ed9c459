import { nextTurn } from '../plugin/work.ts'

/** A preHandler: many requests in one read from a socket share the turns of the event loop with WebSocket clients. */
export async function fairTurn (): Promise<void> {
  await (nextTurn() ?? undefined)
}

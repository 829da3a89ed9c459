import type { EventMessage } from './message.ts'
import { sizeOf } from './payload.ts'

/** The approximate number of bytes in memory of an event that waits: a client chooses its payload, and most of its details, such as the topic of a pattern. */
export function sizeOfEvent ({ payload, details, overflow }: Pick<EventMessage, 'payload' | 'details' | 'overflow'>): number {
  return payload.size + (Object.keys(details).length === 0 ? 0 : sizeOf(details)) + (overflow?.topic.length ?? 0)
}

/** Something that holds what it has to write until the turn of the event loop ends. */
export interface Flushable {
  flush (): void
}

// System calls dominate the cost of a message: what a connection is sent in one turn leaves in one write. nextTick adds
// no latency, since it runs as soon as the code at work is done.
const waiting: Flushable[] = []

/** Has `flush` called once, after the code at work. The caller sees to it that it is asked for once a turn. */
export function flushSoon (flushable: Flushable): void {
  if (waiting.push(flushable) === 1) process.nextTick(flushAll)
}

function flushAll (): void {
  // Flushing may fail a socket, whose session then has others notified: they are appended, and flushed here, too.
  for (let i = 0; i < waiting.length; i++) waiting[i]!.flush()
  waiting.length = 0
}

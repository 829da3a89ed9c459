import type { SessionLog } from './session/session-log.ts'
import { shortDetails } from './short-details.ts'

/** Lines of one kind that are logged in full within a second. */
const MOST_LINES = 10
/** The time in milliseconds for which lines of one kind are counted. */
const WINDOW = 1000

type Level = 'info' | 'warn' | 'error'

/** The lines of one kind since a time. `left` is the number of lines that were not logged. */
interface Kind { since: number, logged: number, left: number, timer: NodeJS.Timeout | undefined }

/**
 * Limits the log lines that clients can cause, such as errors that a procedure throws for certain arguments. Of the lines with the same
 * text, the first ten in a second are logged in full, and then one line with the number of the others. Texts are constants of the router,
 * so there are few of them. Lines at `debug` are not limited in number. All have short texts and errors.
 */
export class LogLimit {
  readonly #log: SessionLog
  readonly #kinds = new Map<string, Kind>()

  /** `log` receives the lines with the numbers. */
  constructor (log: SessionLog) {
    this.#log = log
  }

  /** A log whose lines are limited, together with those of all other logs of this limit. */
  of (log: SessionLog): SessionLog {
    const write = (level: Level) => (details: object, text: string): void => { if (this.#admits(level, text)) log[level](shortDetails(details), text) }
    return {
      debug: (details, text) => { log.debug(shortDetails(details), text) },
      ...{ info: write('info'), warn: write('warn'), error: write('error') },
      child: (said) => this.of(log.child(said))
    }
  }

  /** Logs the numbers that are not logged yet. */
  close (): void {
    for (const { timer } of this.#kinds.values()) clearTimeout(timer)
    for (const [key, kind] of this.#kinds) this.#sum(key, kind)
  }

  #admits (level: Level, text: string): boolean {
    const key = `${level} ${text}`
    let kind = this.#kinds.get(key)
    if (kind === undefined) this.#kinds.set(key, kind = { since: -Infinity, logged: 0, left: 0, timer: undefined })
    const now = performance.now()
    if (kind.timer === undefined && now - kind.since >= WINDOW) Object.assign(kind, { since: now, logged: 0 })
    if (kind.logged < MOST_LINES) {
      kind.logged++
      return true
    }
    kind.left++
    const counted = kind
    kind.timer ??= setTimeout(() => { this.#sum(key, counted) }, kind.since + WINDOW - now).unref()
    return false
  }

  #sum (key: string, kind: Kind): void {
    const { left } = kind
    Object.assign(kind, { since: -Infinity, logged: 0, left: 0, timer: undefined })
    const at = key.indexOf(' ')
    if (left > 0) this.#log[key.slice(0, at) as Level]({ lines: left }, `${key.slice(at + 1)}: further lines of this kind were not logged`)
  }
}

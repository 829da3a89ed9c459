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
    return new LimitedLog(log, this)
  }

  /** Logs the numbers that are not logged yet. */
  close (): void {
    for (const { timer } of this.#kinds.values()) clearTimeout(timer)
    for (const [key, kind] of this.#kinds) this.#sum(key, kind)
  }

  /** @internal True if a line is logged in full. */
  admits (level: Level, text: string): boolean {
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

/** A log of a limit. A class: each connection has one, and closures of its own take more memory. */
class LimitedLog implements SessionLog {
  readonly #log: SessionLog
  readonly #limit: LogLimit

  constructor (log: SessionLog, limit: LogLimit) {
    this.#log = log
    this.#limit = limit
  }

  debug (details: object, text: string): void { this.#log.debug(shortDetails(details), text) }

  info (details: object, text: string): void { this.#write('info', details, text) }

  warn (details: object, text: string): void { this.#write('warn', details, text) }

  error (details: object, text: string): void { this.#write('error', details, text) }

  child (said: Record<string, unknown>): SessionLog { return this.#limit.of(this.#log.child(said)) }

  #write (level: Level, details: object, text: string): void {
    if (this.#limit.admits(level, text)) this.#log[level](shortDetails(details), text)
  }
}

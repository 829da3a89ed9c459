/** The part of a logger that sessions use. */
export interface SessionLog {
  debug (details: object, text: string): void
  info (details: object, text: string): void
  warn (details: object, text: string): void
  error (details: object, text: string): void
  /** A log whose lines also contain these properties. */
  child (said: Record<string, unknown>): SessionLog
}

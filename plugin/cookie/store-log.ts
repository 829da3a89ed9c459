/** The part of a logger that stores need. */
export interface StoreLog {
  warn (details: object, text: string): void
  error (details: object, text: string): void
}

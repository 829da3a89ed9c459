/** As much of a logger as stores need. */
export interface StoreLog {
  warn (details: object, text: string): void
  error (details: object, text: string): void
}

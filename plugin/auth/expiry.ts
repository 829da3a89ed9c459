/** True for a valid Date. An Invalid Date, such as `new Date(NaN)`, would never be reached. */
export function isTime (value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/** True if the time has passed. */
export function isOver (expires: Date | null | undefined): boolean {
  return expires !== undefined && expires !== null && expires.getTime() <= Date.now()
}

/** True for a Date that is a time. An Invalid Date, as `new Date(NaN)` is, would never come. */
export function isTime (value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/** True for what was to end by now. */
export function isOver (expires: Date | null | undefined): boolean {
  return expires !== undefined && expires !== null && expires.getTime() <= Date.now()
}

/** A Date as the text that JSON has for it; null for an invalid one. */
export function dateText (date: Date): string | null {
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

import { errors } from '../errors.ts'
import { readLine } from './cookie-line.ts'
import type { StoredRecord } from './cookie-store.ts'
import type { StoreLog } from './store-log.ts'

/** The content of a cookie file. */
interface Contents {
  readonly records: Map<string, StoredRecord>
  lines: number
  /** The number of octets up to the last valid line. */
  length: number
  /** True if the file must be rewritten. */
  isForeign: boolean
}

/** A line that cannot be read. */
interface Unreadable {
  readonly number: number
  /** True for the last line if it has no line feed. */
  readonly isIncomplete: boolean
  /** True if it may be the rest of one of our lines. */
  readonly isOurs: boolean
}

/** Octets: a longer line of whitespace is not treated as empty. */
const LONG = 1000
/** How our lines begin. */
const BEGINNING = '{"sha256":'
/** The maximum number of unreadable lines that are logged one by one. */
const MOST_LOGGED = 10

/**
 * Reads the lines of a cookie file. Unreadable ones are skipped and logged. Throws WAMP_ERR_COOKIE_FILE for a file of another kind, which would
 * otherwise be cut and overwritten.
 */
export function readLines (octets: Buffer, filename: string, log: StoreLog): Contents {
  const contents: Contents = { records: new Map(), lines: 0, length: 0, isForeign: false }
  const unreadable: Unreadable[] = []
  for (let start = 0, number = 1; start < octets.length; number++) {
    const end = octets.indexOf(0x0a, start)
    const stop = end < 0 ? octets.length : end
    const line = octets.subarray(start, stop)
    if (!take(line, contents)) {
      unreadable.push({ number, isIncomplete: end < 0, isOurs: isDamaged(line) })
      if (end < 0) break
    }
    start = stop + 1
    // A last line without a line feed was written by hand: rewrite the file.
    if (end < 0) contents.isForeign = true
    contents.length = stop + (end < 0 ? 0 : 1)
  }
  if (unreadable.length === contents.lines && unreadable.some(({ isOurs }) => !isOurs)) {
    throw new errors.WAMP_ERR_COOKIE_FILE(filename, 'contains no line of a cookie file: it has not been changed')
  }
  report(unreadable, filename, log)
  return contents
}

function report (unreadable: readonly Unreadable[], filename: string, log: StoreLog): void {
  for (const { number, isIncomplete } of unreadable.slice(0, MOST_LOGGED)) {
    log.warn({ filename, line: number }, isIncomplete ? 'the last line of the cookie file is incomplete and was removed' : 'a line of the cookie file cannot be read and was skipped')
  }
  const more = unreadable.length - MOST_LOGGED
  if (more > 0) log.warn({ filename, lines: more }, 'more lines of the cookie file cannot be read and were skipped')
}

/** Adds the records of a line. False for a line that cannot be read. */
function take (line: Buffer, contents: Contents): boolean {
  if (line.length < LONG && line.toString().trim() === '') return true
  contents.lines++
  const entry = readLine(line)
  if (entry === null) return false
  contents.isForeign ||= entry.isForeign
  for (const [key, record] of entry.records) {
    if (record === null) contents.records.delete(key)
    else contents.records.set(key, record)
  }
  return true
}

/** True for a line that may be the rest of one of ours: its beginning, or NULs in place of lost data. */
function isDamaged (line: Buffer): boolean {
  const from = line.findIndex((octet) => octet !== 0)
  const text = from < 0 ? '' : line.toString('latin1', from, from + BEGINNING.length)
  return BEGINNING.startsWith(text.replace(/\0+$/, ''))
}

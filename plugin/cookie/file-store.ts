import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errors } from '../errors.ts'
import { CookieJournal } from './cookie-journal.ts'
import { readLine, writeLine } from './cookie-line.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { FileLock } from './file-lock.ts'

/** As much of a logger as is needed here. */
interface StoreLog { warn (details: object, text: string): void, error (details: object, text: string): void }

/** Lines that say nothing any more are rewritten away when there are more of them than of others, and this many. */
const MOST_DEAD_LINES = 1000

/** What a file was found to hold. */
interface Contents {
  readonly records: Map<string, StoredRecord>
  lines: number
  /** Octets up to the last good line. */
  length: number
  isForeign: boolean
}

/**
 * Cookies in a file, one JSON object a line, which is only appended to. All are in memory, too. It belongs to one process:
 * a second one is refused.
 */
export class FileStore implements CookieStore {
  readonly #lock: FileLock
  readonly #journal: CookieJournal
  readonly #log: StoreLog
  readonly #records: Map<string, StoredRecord>
  /** Records that are not on disk yet. */
  readonly #pending = new Map<string, StoredRecord>()
  /** Keys whose deletion could not be written: they must not come back, so it is tried again with the next write. */
  readonly #undeleted = new Set<string>()
  #lines: number
  #state: 'idle' | 'compacting' = 'idle'

  private constructor ({ lock, journal, log, records, lines }: {
    lock: FileLock
    journal: CookieJournal
    log: StoreLog
    records: Map<string, StoredRecord>
    lines: number
  }) {
    this.#lock = lock
    this.#journal = journal
    this.#log = log
    this.#records = records
    this.#lines = lines
  }

  /**
   * Opens a cookie file, and makes it if it is not there. One that Crossbar.io wrote is replaced by our form at once.
   * Rejects with WAMP_ERR_COOKIE_FILE if it cannot be used, or is in use.
   */
  static async open ({ filename, purgeOnStartup = false, log }: { filename: string, purgeOnStartup?: boolean, log: StoreLog }): Promise<FileStore> {
    const path = resolve(filename)
    let lock: FileLock | undefined
    try {
      const known = await stat(path).catch((error: NodeJS.ErrnoException) => { if (error.code === 'ENOENT') return null; throw error })
      if (known !== null && !known.isFile()) throw new errors.WAMP_ERR_COOKIE_FILE(filename, 'is not a file')
      lock = await FileLock.take(path)
      const contents = await read(path, log)
      const journal = await CookieJournal.open(path, contents.length)
      const store = new FileStore({ lock, journal, log, records: contents.records, lines: contents.lines })
      if (purgeOnStartup || contents.isForeign) await store.#compact()
      return store
    } catch (error) {
      await lock?.release()
      if (error instanceof errors.WAMP_ERR_COOKIE_FILE) throw error
      throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be used: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
    }
  }

  get (key: string): StoredRecord | undefined {
    return this.#records.get(key)
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    this.#pending.set(key, record)
    try {
      await this.#append(writeLine(key, record))
      // It may have been deleted while it was written.
      if (this.#pending.get(key) === record) this.#records.set(key, record)
    } finally {
      if (this.#pending.get(key) === record) this.#pending.delete(key)
    }
    this.#compactIfWorthwhile()
  }

  async delete (key: string): Promise<void> {
    const known = this.#records.delete(key)
    if (!this.#pending.delete(key) && !known && !this.#undeleted.has(key)) return
    this.#undeleted.add(key)
    await this.#append('')
    this.#compactIfWorthwhile()
  }

  entries (): Iterable<[key: string, record: StoredRecord]> {
    return this.#records.entries()
  }

  async close (): Promise<void> {
    await this.#journal.close()
    await this.#lock.release()
  }

  async #append (line: string): Promise<void> {
    const deleted = [...this.#undeleted]
    this.#undeleted.clear()
    try {
      await this.#journal.append(deleted.map((key) => writeLine(key, null)).join('') + line)
      this.#lines += deleted.length + (line === '' ? 0 : 1)
    } catch (error) {
      for (const key of deleted) this.#undeleted.add(key)
      throw error
    }
  }

  #compactIfWorthwhile (): void {
    const dead = this.#lines - this.#records.size
    if (this.#state !== 'idle' || dead <= MOST_DEAD_LINES || dead <= this.#records.size) return
    this.#state = 'compacting'
    this.#compact()
      .catch((error: unknown) => { this.#log.error({ err: error }, 'the cookie file could not be compacted: it goes on growing') })
      .finally(() => { this.#state = 'idle' })
  }

  async #compact (): Promise<void> {
    let lines = 0
    const records = this.#records
    for (const [key, record] of records) if (isExpired(record, Date.now())) records.delete(key)
    await this.#journal.rewrite(function * () {
      for (const [key, record] of records) {
        lines++
        yield writeLine(key, record)
      }
    })
    this.#lines = lines
  }
}

async function read (path: string, log: StoreLog): Promise<Contents> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => { if (error.code === 'ENOENT') return Buffer.alloc(0); throw error })
  const contents: Contents = { records: new Map(), lines: 0, length: 0, isForeign: false }
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const end = bytes.indexOf(0x0a, start)
    const stop = end < 0 ? bytes.length : end
    if (!take(bytes.toString('utf8', start, stop), contents)) {
      if (end < 0) {
        log.warn({ filename: path, line: number }, 'the last line of the cookie file is torn: it is cut off')
        break
      }
      log.warn({ filename: path, line: number }, 'a line of the cookie file cannot be read: it is passed over')
    }
    start = stop + 1
    // A last line without its end was written by hand: the file is written anew.
    if (end < 0) contents.isForeign = true
    contents.length = stop + (end < 0 ? 0 : 1)
  }
  return contents
}

function take (line: string, contents: Contents): boolean {
  if (line.trim() === '') return true
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

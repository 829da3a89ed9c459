import { dirname, resolve } from 'node:path'
import { errors } from '../errors.ts'
import { CookieJournal } from './cookie-journal.ts'
import { writeLine } from './cookie-line.ts'
import { readLines } from './cookie-lines.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { FileLock } from './file-lock.ts'
import { codeOf, nodeFileSystem, unlessMissing } from './file-system.ts'
import type { FileSystem } from './file-system.ts'
import { defaults } from '../option-defaults.ts'
import type { StoreLog } from './store-log.ts'

/** The file is rewritten when it has more outdated lines than valid ones, and at least this many. */
const MOST_DEAD_LINES = 1000

interface OpenOptions {
  readonly filename: string
  readonly purgeOnStartup?: boolean
  readonly log: StoreLog
  /** The file system. @default the file system of the machine */
  readonly fs?: FileSystem
}

/**
 * Stores cookies in a file with one JSON object per line, which is only appended to. All records are also in memory. The file belongs to
 * one process; a second one is rejected. If a change cannot be written, it rejects with WAMP_ERR_COOKIE_FILE, and the next change retries.
 */
export class FileStore implements CookieStore {
  readonly #filename: string
  readonly #log: StoreLog
  readonly #lock: FileLock
  readonly #records: Map<string, StoredRecord>
  readonly #journal: CookieJournal
  /** The records that are being written, by key. A deletion invalidates those with its key. */
  readonly #pending = new Map<string, Set<StoredRecord>>()
  /** The pending deletions, by key: the file may still contain a record. Every write includes them until one succeeds. */
  readonly #undeleted = new Map<string, number>()
  #deletions = 0
  #compaction: 'idle' | 'running' = 'idle'
  /** After a failed compaction: the length of the file at which it is retried. */
  #compactAt: number | undefined

  private constructor ({ filename, log, lock, records, journal }: {
    filename: string
    log: StoreLog
    lock: FileLock
    records: Map<string, StoredRecord>
    journal: CookieJournal
  }) {
    this.#filename = filename
    this.#log = log
    this.#lock = lock
    this.#records = records
    this.#journal = journal
  }

  /**
   * Opens a cookie file, or creates it. A file of Crossbar.io is converted to our format at once. A symbolic link is kept: its target is
   * opened, locked and replaced. Rejects with WAMP_ERR_COOKIE_FILE if the file is unusable or in use.
   */
  static async open ({ filename, purgeOnStartup = defaults.fileStore.purgeOnStartup, log, fs = nodeFileSystem }: OpenOptions): Promise<FileStore> {
    let lock: FileLock | undefined
    let journal: CookieJournal | undefined
    let store: FileStore | undefined
    try {
      const path = await locate(filename, fs)
      lock = await FileLock.take(path, fs)
      const contents = readLines(await fs.readFile(path), path, log)
      const { records } = contents
      const hold = lock.hold.bind(lock)
      journal = await CookieJournal.open({ fs, path, log, hold, snapshot: () => linesOf(records), deletions: () => store!.#takeDeletions() }, contents)
      store = new FileStore({ filename, log, lock, records, journal })
      if (purgeOnStartup || contents.isForeign) await store.#compact()
      return store
    } catch (error) {
      await journal?.close()
      await lock?.release()
      throw failure(filename, 'used', error)
    }
  }

  get (key: string): StoredRecord | undefined {
    return this.#records.get(key)
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    const pending = this.#pending.get(key) ?? new Set()
    this.#pending.set(key, pending.add(record))
    try {
      await this.#append([writeLine(key, record)], () => {
        // It may have been deleted while it was being written.
        if (!pending.has(record)) return
        this.#records.set(key, record)
        this.#undeleted.delete(key)
      })
    } finally {
      pending.delete(record)
      if (pending.size === 0 && this.#pending.get(key) === pending) this.#pending.delete(key)
    }
    this.#compactIfWorthwhile()
  }

  async delete (key: string): Promise<void> {
    const isPending = this.#pending.has(key)
    this.#pending.get(key)?.clear()
    this.#pending.delete(key)
    const isKnown = this.#records.delete(key)
    // After the valid lines there may be one whose write failed.
    if (!isKnown && !isPending && !this.#undeleted.has(key) && this.#journal.isClean) return
    this.#undeleted.set(key, this.#deletions++)
    await this.#append([], () => {})
    this.#compactIfWorthwhile()
  }

  entries (): Iterable<[key: string, record: StoredRecord]> {
    return this.#records.entries()
  }

  /** Writes pending deletions and closes the file. Rejects if they cannot be written. */
  async close (): Promise<void> {
    try {
      if (this.#undeleted.size > 0) await this.#append([], () => {})
    } finally {
      await this.#journal.close()
      await this.#lock.release()
    }
  }

  async #append (lines: readonly string[], written: () => void): Promise<void> {
    try {
      await this.#journal.append(lines, written)
    } catch (error) {
      throw failure(this.#filename, 'written', error)
    }
  }

  #takeDeletions (): { lines: string[], written (): void } {
    // A record that is being written replaces the one to delete. If the write fails, the next one deletes it.
    const taken = [...this.#undeleted].filter(([key]) => !this.#pending.has(key))
    const written = (): void => {
      for (const [key, deletion] of taken) if (this.#undeleted.get(key) === deletion) this.#undeleted.delete(key)
    }
    return { lines: taken.map(([key]) => writeLine(key, null)), written }
  }

  #compactIfWorthwhile (): void {
    const { lines } = this.#journal
    const dead = lines - this.#records.size
    if (this.#compaction === 'running' || dead <= MOST_DEAD_LINES || dead <= this.#records.size || lines < (this.#compactAt ?? 0)) return
    this.#compaction = 'running'
    this.#compact().then(() => { this.#compactAt = undefined }, (error: unknown) => {
      if (this.#compactAt === undefined) this.#log.error({ err: failure(this.#filename, 'rewritten', error) }, 'the cookie file could not be compacted: it continues to grow')
      this.#compactAt = this.#journal.lines + MOST_DEAD_LINES
    }).finally(() => { this.#compaction = 'idle' })
  }

  async #compact (): Promise<void> {
    const now = Date.now()
    for (const [key, record] of this.#records) if (isExpired(record, now)) this.#records.delete(key)
    await this.#journal.rewrite()
  }
}

function failure (filename: string, what: 'used' | 'written' | 'rewritten', error: unknown): Error {
  if (error instanceof errors.WAMP_ERR_COOKIE_FILE) return error
  return new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be ${what}: ${codeOf(error)}`, { cause: error })
}

function * linesOf (records: ReadonlyMap<string, StoredRecord>): Iterable<string> {
  for (const [key, record] of records) yield writeLine(key, record)
}

/** The real path of a file, which is created if necessary, so that a file has one lock regardless of the name used. */
async function locate (filename: string, fs: FileSystem): Promise<string> {
  const path = resolve(filename)
  const known = await unlessMissing(fs.stat(path))
  if (known !== null && !known.isFile()) throw new errors.WAMP_ERR_COOKIE_FILE(filename, 'is not a file')
  if (known === null) await create(path, filename, fs)
  return await fs.realpath(path)
}

async function create (path: string, filename: string, fs: FileSystem): Promise<void> {
  try {
    await (await fs.open(path, 'a', 0o600)).close()
  } catch (cause) {
    const folder = dirname(path)
    if (codeOf(cause) !== 'ENOENT' || await unlessMissing(fs.stat(folder)) !== null) throw cause
    throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be created: the folder "${folder}" does not exist`, { cause })
  }
}

import type { RootDatabase } from 'lmdb'
import { errors } from '../errors.ts'
import type { DatabaseStoreOptions } from '../cookie-options.ts'
import { isExpired } from './cookie-store.ts'
import type { CookieStore, StoredRecord } from './cookie-store.ts'
import { identifyDatabase, prepareDatabase } from './database-files.ts'
import { changesThatFit, hasRoom } from './database-size.ts'
import type { Change, Stats } from './database-size.ts'
import { defaults, fill } from '../option-defaults.ts'
import { isStoredRecord, readRecord } from './stored-record.ts'

type Database = RootDatabase<StoredRecord, string>

/** The open files are no longer at the path. Their content can still be read. */
class Displaced extends errors.WAMP_ERR_COOKIE_DATABASE {}

/** A change that its caller waits for. */
interface PendingChange extends Change { resolve (): void, reject (error: Error): void }

/** The maximum number of changes in one transaction. */
const MOST_CHANGES = 256
/** Milliseconds after which LMDB is considered hanging. */
const DEADLINE = 30_000

/** JSON in UTF-8. Unlike LMDB's own encoding, it does not throw for the values of other programs, which would end an iteration. */
const json = {
  encode: JSON.stringify,
  decode: (octets: Uint8Array): unknown => readRecord(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength)),
  needsStableBuffer: true
}

/**
 * Stores cookies in an LMDB database, which several processes on one machine may share. If a change cannot be written, it rejects with
 * WAMP_ERR_COOKIE_DATABASE, and the database is reopened before the next change. If its files are deleted, moved or replaced, all changes reject,
 * because they would be lost.
 */
export class DatabaseStore implements CookieStore {
  readonly #path: string
  readonly #maxSize: number
  readonly #readonly: boolean
  readonly #openDatabase: () => Promise<Database>
  /** The files that are open. */
  readonly #identity: string
  /** Null if it could not be reopened. */
  #database: Database | null
  /** LMDB may hang after a failure: the database is suspect until it has been reopened, and stuck if LMDB hangs. */
  #state: 'open' | 'suspect' | 'stuck' | 'closed' = 'open'
  #reopening: Promise<void> | undefined
  #queue: PendingChange[] = []
  #work: Promise<void> | undefined

  private constructor ({ path, maxSize, readonly, openDatabase, database, identity }: {
    path: string
    maxSize: number
    readonly: boolean
    openDatabase: () => Promise<Database>
    database: Database
    identity: string
  }) {
    this.#path = path
    this.#maxSize = maxSize
    this.#readonly = readonly
    this.#openDatabase = openDatabase
    this.#database = database
    this.#identity = identity
  }

  /** Rejects with WAMP_ERR_COOKIE_DATABASE if the package `lmdb` is not installed, or the database cannot be opened. */
  static async open ({ path, ...given }: Omit<DatabaseStoreOptions, 'type'>): Promise<DatabaseStore> {
    const { maxSize, readonly, sync, purgeOnStartup } = fill(defaults.databaseStore, given)
    const { open } = await import('lmdb').catch((error: unknown) => {
      throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'needs the package lmdb: npm install lmdb', { cause: error })
    })
    const openDatabase = async (): Promise<Database> => {
      try {
        await prepareDatabase({ path, readonly })
        // With event turn batching, LMDB creates promises that are not returned, and with overlapping syncs it does not report a failed
        // sync. Without both, a change is on disk when it is committed, and failures are reported to the caller.
        return open<StoredRecord, string>({
          path, mapSize: maxSize, readOnly: readonly, noSync: !sync, encoder: json, maxDbs: 1, eventTurnBatching: false, overlappingSync: false
        })
      } catch (error) {
        throw failure(path, 'cannot be opened', error)
      }
    }
    const database = await openDatabase()
    const store = new DatabaseStore({ path, maxSize, readonly, openDatabase, database, identity: await identifyDatabase(path) })
    if (purgeOnStartup && !readonly) await store.#purge()
    return store
  }

  get (key: string): StoredRecord | undefined | Promise<StoredRecord | undefined> {
    return this.#state === 'suspect' ? this.#reopen().then(() => this.#read(key)) : this.#read(key)
  }

  async set (key: string, record: StoredRecord): Promise<void> {
    await this.#change(key, record)
  }

  async delete (key: string): Promise<void> {
    await this.#change(key, null)
  }

  async * entries (): AsyncGenerator<[key: string, record: StoredRecord]> {
    if (this.#state === 'suspect') await this.#reopen()
    try {
      for (const { key, value } of this.#current().getRange()) yield [key, value]
    } catch (error) {
      throw this.#suspect('cannot be read', error)
    }
  }

  /** Waits for pending changes and closes the database. Rejects if LMDB does not answer. */
  async close (): Promise<void> {
    while (this.#work !== undefined && this.#state !== 'stuck') await this.#work
    if (this.#state === 'stuck') throw this.#stuck()
    await this.#reopening?.catch(() => {})
    this.#state = 'closed'
    await this.#database?.close()
  }

  #read (key: string): StoredRecord | undefined {
    try {
      return this.#current().get(key)
    } catch (error) {
      throw this.#suspect('cannot be read', error)
    }
  }

  /** The database with the changes of other processes. LMDB otherwise reads from one snapshot until the next turn of the event loop. */
  #current (): Database {
    const database = this.#opened()
    database.resetReadTxn()
    return database
  }

  #opened (): Database {
    if (this.#database === null || this.#state === 'closed') throw new Error('it is closed')
    return this.#database
  }

  #change (key: string, record: StoredRecord | null): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#readonly) throw new errors.WAMP_ERR_COOKIE_DATABASE(this.#path, 'is opened readonly: nothing can be written')
      if (this.#state === 'stuck') throw this.#stuck()
      this.#queue.push({ key, record, resolve, reject })
      this.#work ??= this.#run()
    })
  }

  async #run (): Promise<void> {
    // All requests of this turn are written together.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const changes = this.#queue.splice(0, MOST_CHANGES)
      try {
        if (this.#state === 'stuck') throw this.#stuck()
        await this.#inTime(this.#checkFiles())
        if (this.#state === 'suspect') await this.#reopen()
        await this.#inTime(this.#write(changes))
      } catch (error) {
        const failed = this.#state === 'stuck' ? this.#stuck() : this.#suspect('cannot be written', error)
        for (const { reject } of changes) reject(failed)
      }
    }
    // In the same turn as the check of the queue, so that later requests start a new write.
    this.#work = undefined
  }

  async #write (changes: readonly PendingChange[]): Promise<void> {
    const stats = this.#opened().getStats() as Stats
    const fitting = new Set(await changesThatFit(this.#allowed(changes, stats), stats, this.#path))
    const full = new errors.WAMP_ERR_COOKIE_DATABASE(this.#path, 'cannot be written: the disk is full')
    // A promise that is already settled ignores this.
    for (const change of changes) if (!fitting.has(change)) change.reject(full)
    await this.#commit([...fitting])
  }

  /** The changes that the size limit allows. The others are rejected. Deletions are always allowed. */
  #allowed (changes: readonly PendingChange[], stats: Stats): readonly PendingChange[] {
    const deletions = changes.filter(({ record }) => record === null)
    if (deletions.length === changes.length || hasRoom(stats, this.#maxSize, changes.length)) return changes
    const full = new errors.WAMP_ERR_COOKIE_DATABASE(this.#path, `is full: maxSize is ${this.#maxSize} octets`)
    for (const { record, reject } of changes) if (record !== null) reject(full)
    return deletions
  }

  async #commit (changes: readonly PendingChange[]): Promise<void> {
    const database = this.#opened()
    await Promise.all(changes.map(async ({ key, record, resolve, reject }) => {
      try {
        await (record === null ? database.remove(key) : database.put(key, record))
        resolve()
      } catch (error) {
        reject(this.#suspect('cannot be written', await causeOf(error)))
      }
    }))
  }

  /** Rejects if LMDB does not answer. If it answers later, the database can be used again. */
  async #inTime (commit: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#state = 'stuck'
        commit.finally(() => { if (this.#state === 'stuck') this.#state = 'suspect' }).catch(() => {})
        reject(this.#stuck())
      }, DEADLINE).unref()
    })
    try {
      await Promise.race([commit, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #reopen (): Promise<void> {
    this.#reopening ??= this.#openAnew().finally(() => { this.#reopening = undefined })
    return this.#reopening
  }

  async #openAnew (): Promise<void> {
    await this.#checkFiles()
    const old = this.#database
    this.#database = null
    await old?.close()
    this.#database = await this.#openDatabase()
    this.#state = 'open'
  }

  /** Rejects if the open files are no longer at the path. Other files must not be opened instead: they lack the latest changes. */
  async #checkFiles (): Promise<void> {
    if (this.#readonly || await identifyDatabase(this.#path) === this.#identity) return
    throw new Displaced(this.#path, 'was deleted, moved or replaced while it was in use: put the files back, or restart the process')
  }

  #suspect (what: string, error: unknown): Error {
    if (this.#state === 'open' && !(error instanceof Displaced)) this.#state = 'suspect'
    return failure(this.#path, what, error)
  }

  #stuck (): Error {
    return new errors.WAMP_ERR_COOKIE_DATABASE(this.#path, 'does not answer: the process must be restarted')
  }

  async #purge (): Promise<void> {
    const expired: string[] = []
    for await (const [key, record] of this.entries()) if (isStoredRecord(record) && isExpired(record, Date.now())) expired.push(key)
    await Promise.all(expired.map(async (key) => { await this.delete(key) }))
  }
}

function failure (path: string, what: string, error: unknown): Error {
  if (error instanceof errors.WAMP_ERR_COOKIE_DATABASE) return error
  return new errors.WAMP_ERR_COOKIE_DATABASE(path, `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}

/** The cause of a failed commit. LMDB also rejects a separate promise with it, which would end the process if unhandled. */
async function causeOf (error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error && error.commitError instanceof Promise)) return error
  try {
    // It is rejected in the same turn as the commit, or never.
    await Promise.race([error.commitError, new Promise((resolve) => { setImmediate(resolve) })])
    return error
  } catch (cause) {
    return cause
  }
}

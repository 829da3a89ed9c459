import { dirname } from 'node:path'
import { syncDirectory, unlessMissing, writeAll } from './file-system.ts'
import type { FileIdentity, FileSystem, OpenFile } from './file-system.ts'
import type { StoreLog } from './store-log.ts'

interface Entry { readonly lines: readonly string[], written (): void, resolve (): void, reject (error: unknown): void }

/** What a journal needs to know of the records that it keeps. */
interface Given {
  readonly fs: FileSystem
  /** The real path of the file. */
  readonly path: string
  readonly log: StoreLog
  /** Every record that counts, as a line: what the file is rewritten from. */
  readonly snapshot: () => Iterable<string>
  /** Lines that every write ends with, and what to call when they are on disk. */
  readonly deletions: () => { readonly lines: readonly string[], written (): void }
  /** Called before the file is replaced. Rejects if it belongs to another process. */
  readonly hold: () => Promise<void>
}

/** How many lines of a new file are written at a time: the process goes on in between. */
const LINES_AT_A_TIME = 1000
/** How often a write is repeated because the file was deleted meanwhile. */
const ATTEMPTS = 3

/**
 * A file that lines are appended to. Lines of one moment share one write and one fdatasync. Whatever fails, the file holds
 * every line that was acknowledged: the next write first repairs what the failure left.
 */
export class CookieJournal {
  readonly #given: Given
  #file: OpenFile
  #identity: FileIdentity
  /** Octets that are acknowledged. */
  #length: number
  #lines: number
  /** What is behind the acknowledged octets: nothing, or perhaps parts of a write that failed. */
  #tail: 'clean' | 'unknown' = 'clean'
  /** Whether the directory has the file on disk under its name. */
  #directory: 'synced' | 'unsynced' | 'cannot be synced' = 'unsynced'
  /** Whether a temporary file may be there, of a rewrite that failed or a process that was killed. It takes room from this one. */
  #aside: 'removed' | 'left' = 'left'
  #state: 'in place' | 'gone' | 'closed' = 'in place'
  #queue: Entry[] = []
  #rewrite: { resolve (): void, reject (error: unknown): void } | undefined
  #work: Promise<void> | undefined

  private constructor (given: Given, file: OpenFile, identity: FileIdentity, contents: { length: number, lines: number }) {
    this.#given = given
    this.#file = file
    this.#identity = identity
    this.#length = contents.length
    this.#lines = contents.lines
  }

  /** Opens a file of which `length` octets are good. What is behind them is cut off. */
  static async open (given: Given, contents: { length: number, lines: number }): Promise<CookieJournal> {
    const file = await given.fs.open(given.path, 'r+')
    try {
      await file.chmod(0o600)
      await file.truncate(contents.length)
      await file.datasync()
      const journal = new CookieJournal(given, file, await file.stat(), contents)
      await journal.#syncDirectory()
      return journal
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
  }

  /** The lines in the file. */
  get lines (): number {
    return this.#lines
  }

  /** True if the file holds nothing that was not acknowledged. */
  get isClean (): boolean {
    return this.#tail === 'clean'
  }

  /** Appends lines, each of which ends in a line feed. Calls `written` and resolves when they are on disk; rejects if they are not. */
  append (lines: readonly string[], written: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ lines, written, resolve, reject })
      this.#start()
    })
  }

  /** Replaces the file by one of the records that count. Lines that are appended meanwhile follow. */
  rewrite (): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rewrite = { resolve, reject }
      this.#start()
    })
  }

  /** Waits for what is under way, and closes the file. */
  async close (): Promise<void> {
    while (this.#work !== undefined) await this.#work
    this.#state = 'closed'
    // What was acknowledged is synced: nothing depends on how this ends.
    await this.#file.close().catch(() => {})
  }

  #start (): void {
    this.#work ??= this.#run()
  }

  async #run (): Promise<void> {
    // What is asked for in this turn goes together.
    await Promise.resolve()
    while (this.#queue.length > 0 || this.#rewrite !== undefined) {
      const rewrite = this.#rewrite
      this.#rewrite = undefined
      if (rewrite !== undefined) await this.#compact().then(rewrite.resolve, rewrite.reject)
      const entries = this.#queue
      this.#queue = []
      if (entries.length === 0) continue
      const deletions = this.#given.deletions()
      try {
        await this.#write([...entries.flatMap(({ lines }) => lines), ...deletions.lines])
        for (const { written, resolve } of entries) {
          written()
          resolve()
        }
        deletions.written()
      } catch (error) {
        for (const { reject } of entries) reject(error)
      }
    }
    // In the same turn as the look at the queue: what is appended from now on starts anew.
    this.#work = undefined
  }

  async #write (lines: readonly string[]): Promise<void> {
    if (this.#state === 'closed') throw new Error('the file is closed')
    const bytes = Buffer.from(lines.join(''))
    if (this.#aside === 'left') await this.#removeAside().catch(() => {})
    for (let i = 0; i < ATTEMPTS; i++) {
      if (!await this.#isInPlace()) await this.#replace()
      if (this.#directory === 'unsynced') await this.#syncDirectory()
      if (this.#tail === 'unknown') await this.#cutTail()
      if (!await this.#appendBytes(bytes)) continue
      this.#length += bytes.length
      this.#lines += lines.length
      return
    }
    throw new Error('the file is deleted again and again')
  }

  /** Resolves to false if the file was deleted or replaced meanwhile: nobody would find the octets. */
  async #appendBytes (bytes: Buffer): Promise<boolean> {
    this.#tail = 'unknown'
    try {
      await writeAll(this.#file, bytes, this.#length)
      await this.#file.datasync()
      if (!await this.#isInPlace()) return false
      this.#tail = 'clean'
      return true
    } catch (error) {
      // If this fails too, the next write begins with it.
      await this.#cutTail().catch(() => {})
      throw error
    }
  }

  async #cutTail (): Promise<void> {
    await this.#file.truncate(this.#length)
    await this.#file.datasync()
    this.#tail = 'clean'
  }

  async #isInPlace (): Promise<boolean> {
    const { fs, path, log } = this.#given
    const found = await unlessMissing(fs.stat(path))
    if (found !== null && found.ino === this.#identity.ino && found.dev === this.#identity.dev) {
      this.#state = 'in place'
      return true
    }
    if (this.#state === 'in place') log.error({ filename: path }, 'the cookie file was deleted or replaced while it was in use: it is written anew')
    this.#state = 'gone'
    return false
  }

  async #syncDirectory (): Promise<void> {
    const { fs, path, log } = this.#given
    const isSynced = await syncDirectory(fs, dirname(path))
    if (!isSynced && this.#directory !== 'cannot be synced') {
      log.warn({ filename: path }, 'the directory of the cookie file cannot be synced: a power failure may bring an older file back')
    }
    this.#directory = isSynced ? 'synced' : 'cannot be synced'
  }

  async #compact (): Promise<void> {
    await this.#replace()
    // If this fails, the next write begins with it.
    await this.#syncDirectory().catch(() => {})
  }

  async #replace (): Promise<void> {
    const { hold } = this.#given
    await hold()
    const { file, identity, length, lines } = await this.#writeAside()
    const old = this.#file
    this.#file = file
    this.#identity = identity
    this.#length = length
    this.#lines = lines
    this.#tail = 'clean'
    if (this.#directory === 'synced') this.#directory = 'unsynced'
    this.#state = 'in place'
    await old.close().catch(() => {})
  }

  /** Writes a new file, and renames it to the path. If that fails, nothing is left of it. */
  async #writeAside () {
    const { fs, path, snapshot } = this.#given
    await this.#removeAside()
    this.#aside = 'left'
    const file = await fs.open(asideOf(path), 'wx', 0o600)
    try {
      await file.chmod(0o600)
      const identity = await file.stat()
      let length = 0
      let lines = 0
      for (const chunk of chunks(snapshot())) {
        const bytes = Buffer.from(chunk.join(''))
        await writeAll(file, bytes, length)
        length += bytes.length
        lines += chunk.length
      }
      await file.sync()
      await fs.rename(asideOf(path), path)
      this.#aside = 'removed'
      return { file, identity, length, lines }
    } catch (error) {
      await file.close().catch(() => {})
      await this.#removeAside().catch(() => {})
      throw error
    }
  }

  async #removeAside (): Promise<void> {
    this.#aside = 'left'
    await unlessMissing(this.#given.fs.unlink(asideOf(this.#given.path)))
    this.#aside = 'removed'
  }
}

function asideOf (path: string): string {
  return `${path}.new`
}

function * chunks (lines: Iterable<string>): Iterable<string[]> {
  let chunk: string[] = []
  for (const line of lines) {
    if (chunk.push(line) < LINES_AT_A_TIME) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

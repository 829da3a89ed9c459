import { dirname } from 'node:path'
import { syncDirectory, unlessMissing, writeAll } from './file-system.ts'
import type { FileIdentity, FileSystem, OpenFile } from './file-system.ts'
import type { StoreLog } from './store-log.ts'

interface Entry { readonly lines: readonly string[], written (): void, resolve (): void, reject (error: unknown): void }

/** The information that a journal needs about its records. */
interface Given {
  readonly fs: FileSystem
  /** The real path of the file. */
  readonly path: string
  readonly log: StoreLog
  /** All valid records as lines, for rewriting the file. */
  readonly snapshot: () => Iterable<string>
  /** Lines to append at the end of every write, and a callback for when they are on disk. */
  readonly deletions: () => { readonly lines: readonly string[], written (): void }
  /** Called before the file is replaced. Rejects if it belongs to another process. */
  readonly hold: () => Promise<void>
}

/** The number of lines of a new file that are written in one turn. */
const LINES_AT_A_TIME = 1000
const LINE_FEED = 10
/** The maximum number of times that a write is repeated because the file was deleted. */
const ATTEMPTS = 3

/**
 * A file to which lines are appended. Lines of one turn share one write and one fdatasync. After any failure, the file contains every
 * acknowledged line: the next write first repairs partial data.
 */
export class CookieJournal {
  readonly #given: Given
  #file: OpenFile
  #identity: FileIdentity
  /** The number of acknowledged octets. */
  #length: number
  #lines: number
  /** The content after the acknowledged octets: nothing, or possibly parts of a failed write. */
  #tail: 'clean' | 'unknown' = 'clean'
  /** Whether the file's directory entry is on disk. */
  #directory: 'synced' | 'unsynced' | 'cannot be synced' = 'unsynced'
  /** Whether a temporary file may exist, from a failed rewrite or a killed process. It takes disk space. */
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

  /** Opens a file with `length` valid octets. Further content is removed. */
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

  /** The number of lines in the file. */
  get lines (): number {
    return this.#lines
  }

  /** True if the file contains only acknowledged data. */
  get isClean (): boolean {
    return this.#tail === 'clean'
  }

  /** Appends lines, which end in a line feed. Calls `written` and resolves when they are on disk. Rejects if the write fails. */
  append (lines: readonly string[], written: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ lines, written, resolve, reject })
      this.#start()
    })
  }

  /** Replaces the file by one with only the valid records. Lines appended in the meantime follow. */
  rewrite (): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rewrite = { resolve, reject }
      this.#start()
    })
  }

  /** Waits for pending writes, and closes the file. */
  async close (): Promise<void> {
    while (this.#work !== undefined) await this.#work
    this.#state = 'closed'
    // Acknowledged data is synced, so the result of closing does not matter.
    await this.#file.close().catch(() => {})
  }

  #start (): void {
    this.#work ??= this.#run()
  }

  async #run (): Promise<void> {
    // All requests of this turn are written together.
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
    // In the same turn as the check of the queue, so that later lines start a new write.
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
    throw new Error('the file is deleted repeatedly')
  }

  /** Resolves to false if the file was deleted or replaced in the meantime, so that the data would be lost. */
  async #appendBytes (bytes: Buffer): Promise<boolean> {
    this.#tail = 'unknown'
    try {
      await writeAll(this.#file, bytes, this.#length)
      await this.#file.datasync()
      if (!await this.#isInPlace()) return false
      this.#tail = 'clean'
      return true
    } catch (error) {
      // If this fails as well, the next write begins with it.
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
    // A file that was cut or overwritten in place has another size. After the acknowledged octets there may be parts of a failed write.
    const isWhole = found !== null && (this.#tail === 'clean' ? found.size === this.#length : found.size >= this.#length && await this.#hasNoGap())
    if (found !== null && isWhole && found.ino === this.#identity.ino && found.dev === this.#identity.dev) {
      this.#state = 'in place'
      return true
    }
    if (this.#state === 'in place') log.error({ filename: path }, 'the cookie file was deleted, replaced or changed while it was in use: it is rewritten')
    this.#state = 'gone'
    return false
  }

  /** False if the file was cut just before a write, which then leaves NULs in place of the acknowledged octets. These end in a line feed. */
  async #hasNoGap (): Promise<boolean> {
    return this.#length === 0 || await this.#file.octet(this.#length - 1) === LINE_FEED
  }

  async #syncDirectory (): Promise<void> {
    const { fs, path, log } = this.#given
    const isSynced = await syncDirectory(fs, dirname(path))
    if (!isSynced && this.#directory !== 'cannot be synced') {
      log.warn({ filename: path }, 'the directory of the cookie file cannot be synced: a power failure may restore an older file')
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

  /** Writes a new file and renames it to the path. If this fails, the temporary file is removed. */
  async #writeAside () {
    const { fs, path, snapshot } = this.#given
    await this.#removeAside()
    this.#aside = 'left'
    const file = await fs.open(asideOf(path), 'wx+', 0o600)
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

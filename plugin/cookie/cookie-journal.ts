import { open, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

interface Entry { readonly line: string, resolve (): void, reject (error: unknown): void }

/** How many lines of a new file are written at a time: the process goes on in between. */
const LINES_AT_A_TIME = 1000

/** A file that lines are appended to. Lines of one moment share one write and one fdatasync. */
export class CookieJournal {
  readonly #filename: string
  #file: FileHandle
  /** Where the next line goes: what stands behind it is a write that failed. */
  #length: number
  #queue: Entry[] = []
  #rewrite: { lines: () => Iterable<string>, resolve (): void, reject (error: unknown): void } | undefined
  #work: Promise<void> | undefined

  private constructor (filename: string, file: FileHandle, length: number) {
    this.#filename = filename
    this.#file = file
    this.#length = length
  }

  /** Opens a file of which `length` octets are good, and made if it is not there. What stands behind them is cut off. */
  static async open (filename: string, length: number): Promise<CookieJournal> {
    const file = await open(filename, 'a+', 0o600)
    await file.close()
    const writable = await open(filename, 'r+')
    await writable.chmod(0o600)
    await writable.truncate(length)
    return new CookieJournal(filename, writable, length)
  }

  /** Appends a line, which ends in a line feed. Resolves when it is on disk; if it rejects, it is not in the file. */
  append (line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ line, resolve, reject })
      this.#start()
    })
  }

  /** Replaces the file by one of these lines, which are read while it is written. Lines that are appended meanwhile follow. */
  rewrite (lines: () => Iterable<string>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rewrite = { lines, resolve, reject }
      this.#start()
    })
  }

  /** Waits for what is under way, and closes the file. */
  async close (): Promise<void> {
    await this.#work
    await this.#file.close()
  }

  #start (): void {
    this.#work ??= this.#run().finally(() => { this.#work = undefined })
  }

  async #run (): Promise<void> {
    // What is asked for in this turn goes together.
    await Promise.resolve()
    while (this.#queue.length > 0 || this.#rewrite !== undefined) {
      const rewrite = this.#rewrite
      this.#rewrite = undefined
      if (rewrite !== undefined) await this.#replace(rewrite.lines).then(rewrite.resolve, rewrite.reject)
      const entries = this.#queue
      this.#queue = []
      if (entries.length === 0) continue
      try {
        await this.#write(entries.map(({ line }) => line).join(''))
        for (const { resolve } of entries) resolve()
      } catch (error) {
        for (const { reject } of entries) reject(error)
      }
    }
  }

  async #write (text: string): Promise<void> {
    const bytes = Buffer.from(text)
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await this.#file.write(bytes, at, bytes.length - at, this.#length + at)).bytesWritten
      }
      await this.#file.datasync()
      this.#length += bytes.length
    } catch (error) {
      // No half line may stay. If even that fails, the next write goes over it.
      await this.#file.truncate(this.#length).catch(() => {})
      throw error
    }
  }

  async #replace (lines: () => Iterable<string>): Promise<void> {
    const temporary = `${this.#filename}.new`
    // What a crash left behind is of no use.
    const file = await open(temporary, 'w', 0o600)
    let length = 0
    try {
      await file.chmod(0o600)
      for (const text of chunks(lines())) length += (await file.write(text)).bytesWritten
      await file.sync()
      await rename(temporary, this.#filename)
    } catch (error) {
      await file.close()
      throw error
    }
    await syncDirectory(dirname(this.#filename))
    await this.#file.close()
    this.#file = file
    this.#length = length
  }
}

function * chunks (lines: Iterable<string>): Iterable<string> {
  let chunk: string[] = []
  for (const line of lines) {
    if (chunk.push(line) < LINES_AT_A_TIME) continue
    yield chunk.join('')
    chunk = []
  }
  if (chunk.length > 0) yield chunk.join('')
}

/** A rename is on disk when its directory is. */
async function syncDirectory (path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

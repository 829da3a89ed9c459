import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { errors } from '../errors.ts'
import { codeOf, unlessMissing, writeAll } from './file-system.ts'
import type { FileSystem } from './file-system.ts'

/** Milliseconds between signs of life, and after how many without one a process on another host counts as gone. */
const SIGN_OF_LIFE = 10_000
const GONE = 60_000
const ATTEMPTS = 5

/** Locks that this process has given back although their files could not be removed. They are nobody's. */
const leftBehind = new Set<string>()

interface Owner { readonly pid: number, readonly started: string, readonly host: string }

/**
 * A lock file beside a file that one process may have open. A process that was killed leaves its lock behind: by its pid
 * and start time it is known to be gone.
 */
export class FileLock {
  readonly #fs: FileSystem
  readonly #filename: string
  /** What the lock file says, which no other lock says. */
  #text: string
  readonly #timer: NodeJS.Timeout

  private constructor (fs: FileSystem, filename: string, text: string) {
    this.#fs = fs
    this.#filename = filename
    this.#text = text
    this.#timer = setInterval(() => { fs.utimes(pathOf(filename), new Date(), new Date()).catch(() => {}) }, SIGN_OF_LIFE).unref()
  }

  /** Takes the lock of a file, given by its real path. Rejects with WAMP_ERR_COOKIE_FILE if another process, or this one, has it. */
  static async take (filename: string, fs: FileSystem): Promise<FileLock> {
    return new FileLock(fs, filename, await take(filename, fs))
  }

  /** Takes the lock anew if its file is gone. Rejects with WAMP_ERR_COOKIE_FILE if another process has taken it. */
  async hold (): Promise<void> {
    const found = await unlessMissing(this.#fs.readFile(pathOf(this.#filename)))
    if (found?.toString() !== this.#text) this.#text = await take(this.#filename, this.#fs)
  }

  /** Gives it back. */
  async release (): Promise<void> {
    clearInterval(this.#timer)
    const path = pathOf(this.#filename)
    try {
      const found = await unlessMissing(this.#fs.readFile(path))
      if (found?.toString() === this.#text) await this.#fs.unlink(path)
    } catch {
      // The next one that opens the file here must not take it for the lock of somebody else.
      leftBehind.add(this.#text)
    }
  }
}

function pathOf (filename: string): string {
  return `${filename}.lock`
}

/** Resolves to what the lock file says. */
async function take (filename: string, fs: FileSystem): Promise<string> {
  const path = pathOf(filename)
  for (let i = 0; i < ATTEMPTS; i++) {
    const text = await create(path, fs)
    if (text !== null) return text
    const found = await unlessMissing(fs.readFile(path))
    if (found === null) continue
    const stale = found.toString()
    const owner = readOwner(stale)
    if (owner !== null && !leftBehind.has(stale) && await isAlive(owner, path, fs)) {
      throw new errors.WAMP_ERR_COOKIE_FILE(filename, `is in use by process ${owner.pid} on ${owner.host} (${path})`)
    }
    await remove(path, stale, fs)
    leftBehind.delete(stale)
  }
  throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be locked: others take ${path} again and again`)
}

/** The lock appears with all that it says, or not at all. Resolves to null if there is one already. */
async function create (path: string, fs: FileSystem): Promise<string | null> {
  const token = randomBytes(6).toString('hex')
  const whole = `${path}.${token}`
  const text = JSON.stringify({ pid: process.pid, started: startOf(process.pid), host: hostname(), token } satisfies Owner & { token: string })
  try {
    const file = await fs.open(whole, 'wx', 0o600)
    try {
      await writeAll(file, Buffer.from(text), 0)
    } finally {
      await file.close()
    }
    await fs.link(whole, path)
    return text
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null
    // Some disks do what they say that they could not.
    leftBehind.add(text)
    throw error
  } finally {
    await fs.unlink(whole).catch(() => {})
  }
}

/** Null for what no process writes. */
function readOwner (text: string): Owner | null {
  try {
    const { pid, started, host } = JSON.parse(text) as Partial<Owner>
    return Number.isInteger(pid) && pid! > 0 && typeof started === 'string' && typeof host === 'string' ? { pid: pid!, started, host } : null
  } catch {
    return null
  }
}

async function isAlive ({ pid, started, host }: Owner, path: string, fs: FileSystem): Promise<boolean> {
  if (host !== hostname()) {
    const found = await unlessMissing(fs.stat(path))
    return found !== null && Date.now() - found.mtimeMs < GONE
  }
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  // Pids are used again.
  return startOf(pid) === started
}

/** When a process started, where the system tells; otherwise an empty text. */
function startOf (pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

/** Removes a stale lock: moved away first, since meanwhile another process may have removed it and made its own. */
async function remove (path: string, stale: string, fs: FileSystem): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  if (await unlessMissing(fs.rename(path, aside).then(() => true)) === null) return
  const found = await unlessMissing(fs.readFile(aside))
  if (found === null) return
  if (found.toString() === stale) await fs.unlink(aside).catch(() => {})
  else await fs.rename(aside, path)
}

import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { errors } from '../errors.ts'
import { codeOf, unlessMissing, writeAll } from './file-system.ts'
import type { FileSystem } from './file-system.ts'

/** Milliseconds between updates of the lock, and without an update until a process on another host is considered dead. */
const SIGN_OF_LIFE = 10_000
const GONE = 60_000
const ATTEMPTS = 5
/** The number of hexadecimal digits that distinguish locks. */
const TOKEN = 12

/** Locks that this process has released although their files could not be removed. They are ignored. */
const leftBehind = new Set<string>()

interface Owner { readonly pid: number, readonly started: string, readonly host: string }

/** A lock file for a file that only one process may open. A killed process leaves its lock behind. Its PID and start time show that it is dead. */
export class FileLock {
  readonly #fs: FileSystem
  readonly #filename: string
  /** The content of the lock file, which is unique. */
  #text: string
  readonly #timer: NodeJS.Timeout

  private constructor (fs: FileSystem, filename: string, text: string) {
    this.#fs = fs
    this.#filename = filename
    this.#text = text
    this.#timer = setInterval(() => { fs.utimes(pathOf(filename), new Date(), new Date()).catch(() => {}) }, SIGN_OF_LIFE).unref()
  }

  /** Takes the lock of a file, given its real path. Rejects with WAMP_ERR_COOKIE_FILE if this process or another one has it. */
  static async take (filename: string, fs: FileSystem): Promise<FileLock> {
    return new FileLock(fs, filename, await take(filename, fs))
  }

  /** Takes the lock again if its file was deleted. Rejects with WAMP_ERR_COOKIE_FILE if another process has taken it. */
  async hold (): Promise<void> {
    const found = await readLock(pathOf(this.#filename), this.#filename, this.#fs)
    if (found?.toString() !== this.#text) this.#text = await take(this.#filename, this.#fs)
  }

  /** Releases the lock. */
  async release (): Promise<void> {
    clearInterval(this.#timer)
    try {
      const found = await readLock(pathOf(this.#filename), this.#filename, this.#fs)
      if (found?.toString() === this.#text) await this.#fs.unlink(pathOf(this.#filename))
    } catch {
      // The next opener in this process must not treat it as another process's lock.
      leftBehind.add(this.#text)
    }
  }
}

function pathOf (filename: string): string {
  return `${filename}.lock`
}

/** Resolves to null if there is no lock. Reading a FIFO in its place could take forever. */
async function readLock (path: string, filename: string, fs: FileSystem): Promise<Buffer | null> {
  const found = await unlessMissing(fs.stat(path))
  if (found !== null && !found.isFile()) throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be locked: "${path}" is not a file`)
  return found === null ? null : await unlessMissing(fs.readFile(path))
}

/** Resolves to the content of the lock file. */
async function take (filename: string, fs: FileSystem): Promise<string> {
  return await takeAt(pathOf(filename), filename, fs)
}

/**
 * Takes the lock at a path. A stale lock has a successor: a lock at a path that is derived from its content. Only the process that has the
 * successor may replace the stale lock, so that none replaces a lock that another process has just taken.
 */
async function takeAt (path: string, filename: string, fs: FileSystem): Promise<string> {
  for (let i = 0; i < ATTEMPTS; i++) {
    const text = await create(path, fs)
    if (text !== null) return text
    const found = await readLock(path, filename, fs)
    if (found === null) continue
    const stale = found.toString()
    const owner = readOwner(stale)
    if (owner !== null && !leftBehind.has(stale) && await isAlive(owner, path, fs)) {
      throw new errors.WAMP_ERR_COOKIE_FILE(filename, `is in use by process ${owner.pid} on ${owner.host} (${path})`)
    }
    const successor = `${path}.${createHash('sha256').update(found).digest('hex').slice(0, TOKEN)}`
    const own = await takeAt(successor, filename, fs)
    if (await replace({ path, stale, successor, own }, fs)) return own
  }
  throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be locked: other processes keep taking ${path}`)
}

/** Replaces a stale lock by its successor. Resolves to false if another process has replaced it before. */
async function replace ({ path, stale, successor, own }: { path: string, stale: string, successor: string, own: string }, fs: FileSystem): Promise<boolean> {
  try {
    if ((await unlessMissing(fs.readFile(path)))?.toString() === stale) {
      await fs.rename(successor, path)
      leftBehind.delete(stale)
      return true
    }
  } catch (error) {
    leftBehind.add(own)
    throw error
  }
  await fs.unlink(successor).catch(() => { leftBehind.add(own) })
  return false
}

/** Creates the lock atomically with its content. Resolves to null if it already exists. */
async function create (path: string, fs: FileSystem): Promise<string | null> {
  const token = randomBytes(TOKEN / 2).toString('hex')
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
    // Some file systems report an error although they created the link.
    leftBehind.add(text)
    throw error
  } finally {
    await fs.unlink(whole).catch(() => {})
  }
}

/** Null for content that no process writes. */
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
  // PIDs are reused.
  return startOf(pid) === started
}

/** The start time of a process, if the system provides it; otherwise an empty text. */
function startOf (pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

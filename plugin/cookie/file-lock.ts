import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { errors } from '../errors.ts'

/** Milliseconds between signs of life, and after how many without one a process on another host counts as gone. */
const SIGN_OF_LIFE = 10_000
const GONE = 60_000
const ATTEMPTS = 5

interface Owner { readonly pid: number, readonly started: string, readonly host: string }

/**
 * A lock file beside a file that one process may have open. A process that was killed leaves its lock behind: by its pid
 * and start time it is known to be gone.
 */
export class FileLock {
  readonly #path: string
  readonly #timer: NodeJS.Timeout

  private constructor (path: string) {
    this.#path = path
    this.#timer = setInterval(() => { utimes(path, new Date(), new Date()).catch(() => {}) }, SIGN_OF_LIFE).unref()
  }

  /** Takes the lock of a file. Rejects with WAMP_ERR_COOKIE_FILE if another process, or this one, has it. */
  static async take (filename: string): Promise<FileLock> {
    const path = `${filename}.lock`
    for (let i = 0; i < ATTEMPTS; i++) {
      if (await create(path)) return new FileLock(path)
      const found = await read(path)
      if (found === null) continue
      if (await isAlive(found, path)) {
        throw new errors.WAMP_ERR_COOKIE_FILE(filename, `is in use by process ${found.owner.pid} on ${found.owner.host} (${path})`)
      }
      await remove(path, found.text)
    }
    throw new errors.WAMP_ERR_COOKIE_FILE(filename, `cannot be locked: others take ${path} again and again`)
  }

  /** Gives it back. */
  async release (): Promise<void> {
    clearInterval(this.#timer)
    await unlink(this.#path).catch(() => {})
  }
}

/** The lock appears with all that it says, or not at all. */
async function create (path: string): Promise<boolean> {
  const whole = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(whole, JSON.stringify({ pid: process.pid, started: startOf(process.pid), host: hostname() } satisfies Owner), { mode: 0o600, flag: 'wx' })
  try {
    await link(whole, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(whole)
  }
}

async function read (path: string): Promise<{ text: string, owner: Owner } | null> {
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return { text, owner: JSON.parse(text) as Owner }
  } catch {
    // No process writes such a thing.
    return { text, owner: { pid: 0, started: 'never', host: hostname() } }
  }
}

async function isAlive ({ owner: { pid, started, host } }: { owner: Owner }, path: string): Promise<boolean> {
  if (host !== hostname()) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
    return Date.now() - mtimeMs < GONE
  }
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
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
async function remove (path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await rename(path, aside)
    if (await readFile(aside, 'utf8') === stale) await unlink(aside)
    else await rename(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

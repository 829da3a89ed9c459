import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { errors } from '../errors.ts'
import { codeOf } from './file-system.ts'

/** What LMDB writes first into a file, and the shortest file that it can read. */
const MAGIC = 0xBEEFC0DE
const SHORTEST = 8192
/** Octets of a lock file, more than LMDB asks for. */
const LOCK_SIZE = 16_384
/** Octets that must be free for a new database. */
const ROOM = 65_536

/**
 * Looks at the files of a database before LMDB opens them: native code that finds them damaged, or finds no room for them,
 * ends the process. Rejects with WAMP_ERR_COOKIE_DATABASE, or with what the system says.
 */
export async function prepareDatabase ({ path, readonly }: { path: string, readonly: boolean }): Promise<void> {
  const [data, lock] = extname(path) === '' ? [join(path, 'data.mdb'), join(path, 'lock.mdb')] : [path, `${path}-lock`]
  const header = await readHeader(data, readonly)
  if (header.length > 0 && !isDatabase(header)) throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'is no LMDB database, or a damaged one')
  if (readonly) {
    if (header.length === 0) throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'is not there, and cannot be made readonly')
    return
  }
  await mkdir(dirname(data), { recursive: true })
  if (header.length === 0) await unlink(await writeZeros(data, ROOM))
  await makeLock(lock)
}

/** Resolves to what a file begins with, or to nothing if there is none. */
async function readHeader (data: string, readonly: boolean): Promise<Buffer> {
  try {
    const file = await open(data, readonly ? 'r' : 'r+')
    try {
      // Pages may have up to 64 KiB, and the second page has a header, too.
      const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536 + SHORTEST), 0, 65_536 + SHORTEST, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

function isDatabase (header: Buffer): boolean {
  if (header.length < SHORTEST) return false
  // The head of a page has 24 octets, or 16 in the older format. The size of pages follows 24 octets behind the magic number.
  return [24, 16].some((at) => {
    const second = header.readUInt32LE(at + 24) + at
    return header.readUInt32LE(at) === MAGIC && second + 4 <= header.length && header.readUInt32LE(second) === MAGIC
  })
}

/** Makes the lock file, all of it: LMDB would make one with holes, and is killed where the disk cannot fill them. */
async function makeLock (lock: string): Promise<void> {
  const file = await open(lock, 'r+').catch((error: unknown) => { if (codeOf(error) === 'ENOENT') return null; throw error })
  if (file !== null) return await file.close()
  const zeros = await writeZeros(lock, LOCK_SIZE)
  try {
    await link(zeros, lock)
  } catch (error) {
    // Another process was first.
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await unlink(zeros)
  }
}

/** Writes octets into a file beside another one, to disk. Resolves to its path. */
async function writeZeros (path: string, length: number): Promise<string> {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(beside, 'wx')
    try {
      await file.writeFile(Buffer.alloc(length))
      await file.datasync()
    } finally {
      await file.close()
    }
    return beside
  } catch (error) {
    await unlink(beside).catch(() => {})
    throw error
  }
}

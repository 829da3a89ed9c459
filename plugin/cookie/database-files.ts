import { randomBytes } from 'node:crypto'
import { link, mkdir, open, stat, unlink } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { errors } from '../errors.ts'
import { codeOf, unlessMissing } from './file-system.ts'

/** The beginning of an LMDB file, and the minimum size of a file that LMDB can read. */
const MAGIC = 0xBEEFC0DE
/** The data format that the package `lmdb` reads and writes. Its native code ends the process if a file has another one. */
const FORMAT = 2
const SHORTEST = 8192
/** The size of a lock file in octets, more than LMDB requires. */
const LOCK_SIZE = 16_384
/** The free space in octets that a new database requires. */
const ROOM = 65_536

/**
 * Checks the files of a database before LMDB opens them: its native code ends the process if they are damaged or there is no space.
 * Rejects with WAMP_ERR_COOKIE_DATABASE or a system error.
 */
export async function prepareDatabase ({ path, readonly }: { path: string, readonly: boolean }): Promise<void> {
  const [data, lock] = filesOf(path)
  const header = await readHeader(data, readonly)
  if (header.length > 0) checkHeader(header, path)
  if (readonly) {
    if (header.length === 0) throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'does not exist, and cannot be created with readonly')
    return
  }
  await mkdir(dirname(data), { recursive: true })
  if (header.length === 0) await unlink(await writeZeros(data, ROOM))
  await makeLock(lock)
}

/** Identifies the files of a database: another text means that they were deleted or replaced. Resolves to an empty text if one is missing. */
export async function identifyDatabase (path: string): Promise<string> {
  const found = await Promise.all(filesOf(path).map(async (file) => await unlessMissing(stat(file))))
  return found.includes(null) ? '' : found.map((file) => `${file!.dev} ${file!.ino}`).join()
}

function filesOf (path: string): [data: string, lock: string] {
  return extname(path) === '' ? [join(path, 'data.mdb'), join(path, 'lock.mdb')] : [path, `${path}-lock`]
}

/** Resolves to the beginning of a file, or to an empty buffer if it does not exist. */
async function readHeader (data: string, readonly: boolean): Promise<Buffer> {
  try {
    const file = await open(data, readonly ? 'r' : 'r+')
    try {
      // Pages may have up to 64 KiB, and the second page has a header as well.
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

function checkHeader (header: Buffer, path: string): void {
  const format = formatOf(header)
  if (format === null) throw new errors.WAMP_ERR_COOKIE_DATABASE(path, 'is not an LMDB database, or is damaged')
  if (format === FORMAT) return
  throw new errors.WAMP_ERR_COOKIE_DATABASE(path, `has LMDB's data format ${format}, but the package lmdb needs format ${FORMAT}: ` +
    'another program, such as Crossbar.io, has written it. It has not been changed. Choose another path')
}

/** The data format of an LMDB database, or null for any other file. */
function formatOf (header: Buffer): number | null {
  if (header.length < SHORTEST) return null
  // The head of a page has 24 octets, or 16 in format 1. The format and the page size are 4 and 24 octets after the magic number.
  const at = [24, 16].find((at) => {
    const second = header.readUInt32LE(at + 24) + at
    return header.readUInt32LE(at) === MAGIC && second + 4 <= header.length && header.readUInt32LE(second) === MAGIC
  })
  return at === undefined ? null : header.readUInt16LE(at + 4)
}

/** Creates the lock file at full size. LMDB would create a sparse file, and be killed if the disk cannot fill it. */
async function makeLock (lock: string): Promise<void> {
  const file = await open(lock, 'r+').catch((error: unknown) => { if (codeOf(error) === 'ENOENT') return null; throw error })
  if (file !== null) return await file.close()
  const zeros = await writeZeros(lock, LOCK_SIZE)
  try {
    await link(zeros, lock)
  } catch (error) {
    // Another process created it first.
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await unlink(zeros)
  }
}

/** Writes octets to a temporary file next to another one, and syncs it. Resolves to its path. */
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

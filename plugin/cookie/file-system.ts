import { link, open, readFile, realpath, rename, stat, unlink, utimes } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** Identifies a file independently of its name. */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

/** An open file. */
export interface OpenFile {
  /** Writes octets at a position. Resolves to the number of written octets, which may be lower than requested. */
  write (bytes: Buffer, offset: number, length: number, position: number): Promise<number>
  /** The octet at a position in the file. */
  octet (position: number): Promise<number>
  datasync (): Promise<void>
  sync (): Promise<void>
  truncate (length: number): Promise<void>
  chmod (mode: number): Promise<void>
  stat (): Promise<FileIdentity>
  close (): Promise<void>
}

/** The file system calls that the cookie file and its lock need. Tests replace it with a failing disk. */
export interface FileSystem {
  open (path: string, flags: string, mode?: number): Promise<OpenFile>
  readFile (path: string): Promise<Buffer>
  stat (path: string): Promise<FileIdentity & { readonly mtimeMs: number, readonly size: number, isFile (): boolean }>
  realpath (path: string): Promise<string>
  link (from: string, to: string): Promise<void>
  rename (from: string, to: string): Promise<void>
  unlink (path: string): Promise<void>
  utimes (path: string, atime: Date, mtime: Date): Promise<void>
}

/** The file system of the machine. */
export const nodeFileSystem: FileSystem = {
  open: async (path, flags, mode) => new NodeFile(await open(path, flags, mode)),
  readFile: async (path) => await readFile(path),
  stat,
  realpath: async (path) => await realpath(path),
  link,
  rename,
  unlink,
  utimes
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle

  constructor (handle: FileHandle) {
    this.#handle = handle
  }

  async write (bytes: Buffer, offset: number, length: number, position: number): Promise<number> {
    return (await this.#handle.write(bytes, offset, length, position)).bytesWritten
  }

  async octet (position: number): Promise<number> {
    return (await this.#handle.read(Buffer.alloc(1), 0, 1, position)).buffer[0]!
  }

  async datasync (): Promise<void> {
    await this.#handle.datasync()
  }

  async sync (): Promise<void> {
    await this.#handle.sync()
  }

  async truncate (length: number): Promise<void> {
    await this.#handle.truncate(length)
  }

  async chmod (mode: number): Promise<void> {
    await this.#handle.chmod(mode)
  }

  async stat (): Promise<FileIdentity> {
    return await this.#handle.stat()
  }

  async close (): Promise<void> {
    await this.#handle.close()
  }
}

/** The code of a system error, such as ENOSPC, or the error as text. */
export function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error)
}

/** Resolves to null if the file does not exist. Rejects with any other error. */
export async function unlessMissing<T> (found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Writes all octets at a position, with as many calls as necessary. */
export async function writeAll (file: OpenFile, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await file.write(bytes, at, bytes.length - at, position + at)
    // A disk that writes nothing without an error would cause an infinite loop.
    if (written === 0) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
    at += written
  }
}

/** Errors of file systems and permissions that do not support syncing directories. */
const CANNOT_SYNC = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF'])

/** Syncs a directory, so that a created or renamed file is on disk. Resolves to false if directories cannot be synced. */
export async function syncDirectory (fs: FileSystem, path: string): Promise<boolean> {
  let directory: OpenFile | undefined
  try {
    directory = await fs.open(path, 'r')
    await directory.sync()
    return true
  } catch (error) {
    if (CANNOT_SYNC.has(codeOf(error))) return false
    throw error
  } finally {
    await directory?.close().catch(() => {})
  }
}

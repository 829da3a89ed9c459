import { link, open, readFile, realpath, rename, stat, unlink, utimes } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** What tells one file from another, whatever its name is. */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

/** A file that is open. */
export interface OpenFile {
  /** Writes octets at a position. Resolves to how many were written, which may be fewer than asked for. */
  write (bytes: Buffer, offset: number, length: number, position: number): Promise<number>
  datasync (): Promise<void>
  sync (): Promise<void>
  truncate (length: number): Promise<void>
  chmod (mode: number): Promise<void>
  stat (): Promise<FileIdentity>
  close (): Promise<void>
}

/** The calls of the file system that the cookie file and its lock need. Tests put a failing disk in its place. */
export interface FileSystem {
  open (path: string, flags: string, mode?: number): Promise<OpenFile>
  readFile (path: string): Promise<Buffer>
  stat (path: string): Promise<FileIdentity & { readonly mtimeMs: number, isFile (): boolean }>
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

/** Resolves to null if there is no such file; rejects with any other error. */
export async function unlessMissing<T> (found: Promise<T>): Promise<T | null> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Writes all of it at a position, in as many calls as it takes. */
export async function writeAll (file: OpenFile, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const written = await file.write(bytes, at, bytes.length - at, position + at)
    // A disk that takes nothing and says nothing would be asked for ever.
    if (written === 0) throw Object.assign(new Error('the disk takes no more octets'), { code: 'ENOSPC' })
    at += written
  }
}

/** What some file systems and permissions do not let anybody do: a directory there is never synced. */
const CANNOT_SYNC = new Set(['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP', 'EISDIR', 'EBADF'])

/**
 * Syncs a directory: a file that was made or renamed is on disk when its directory is. Resolves to false where directories
 * cannot be synced at all.
 */
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

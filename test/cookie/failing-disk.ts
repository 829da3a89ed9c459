import { nodeFileSystem } from '../../plugin/cookie/file-system.ts'
import type { FileSystem, OpenFile } from '../../plugin/cookie/file-system.ts'

/** How a system call fails: it does nothing, or does what it should and reports an error, or writes half and reports no error. */
export type Fault = { readonly code: string, readonly done?: boolean } | 'writes half'

/** The file system of the machine, of which a system call can be made to fail. */
export class FailingDisk implements FileSystem {
  /** The names of the calls since the disk was last armed or repaired. */
  calls: string[] = []
  /** Whether files can be renamed, whatever else works. */
  renames: 'work' | 'fail' = 'work'
  /** A path that cannot be opened. */
  forbidden: string | null = null
  /** Files that are open. */
  opened = 0
  #fault: { readonly at: number, readonly fault: Fault, readonly lasts: boolean } | null = null

  /** Lets the call with a number fail, counted from 0; or all from that one on. */
  arm (at: number, fault: Fault, lasts: boolean): void {
    this.calls = []
    this.#fault = { at, fault, lasts }
  }

  /** No call fails any more. */
  repair (): void {
    this.calls = []
    this.#fault = null
  }

  async open (path: string, flags: string, mode?: number): Promise<OpenFile> {
    if (path === this.forbidden) throw Object.assign(new Error('EACCES: open'), { code: 'EACCES' })
    return await this.#call(`open ${flags}`, async () => {
      const file = await nodeFileSystem.open(path, flags, mode)
      this.opened++
      return this.#watch(file)
    }, async (file) => { await file.close() })
  }

  async readFile (path: string): Promise<Buffer> {
    return await this.#call('readFile', () => nodeFileSystem.readFile(path))
  }

  async stat (path: string): ReturnType<FileSystem['stat']> {
    return await this.#call('stat', () => nodeFileSystem.stat(path))
  }

  async realpath (path: string): Promise<string> {
    return await this.#call('realpath', () => nodeFileSystem.realpath(path))
  }

  async link (from: string, to: string): Promise<void> {
    await this.#call('link', () => nodeFileSystem.link(from, to))
  }

  async rename (from: string, to: string): Promise<void> {
    if (this.renames === 'fail') throw Object.assign(new Error('EIO: rename'), { code: 'EIO' })
    await this.#call('rename', () => nodeFileSystem.rename(from, to))
  }

  async unlink (path: string): Promise<void> {
    await this.#call('unlink', () => nodeFileSystem.unlink(path))
  }

  async utimes (path: string, atime: Date, mtime: Date): Promise<void> {
    await nodeFileSystem.utimes(path, atime, mtime)
  }

  #watch (file: OpenFile): OpenFile {
    return {
      write: async (bytes, offset, length, position) => {
        const isHalf = this.#next() === 'writes half'
        return await this.#call('write', () => file.write(bytes, offset, isHalf ? length >> 1 : length, position))
      },
      octet: async (position) => await this.#call('read octet', () => file.octet(position)),
      datasync: async () => { await this.#call('datasync', () => file.datasync()) },
      sync: async () => { await this.#call('sync', () => file.sync()) },
      truncate: async (length) => { await this.#call('truncate', () => file.truncate(length)) },
      chmod: async (mode) => { await this.#call('chmod', () => file.chmod(mode)) },
      stat: async () => await this.#call('fstat', () => file.stat()),
      // Whatever close(2) returns, the descriptor is gone.
      close: async () => {
        this.opened--
        await file.close()
        await this.#call('close', async () => {})
      }
    }
  }

  /** How the next call fails, or null. */
  #next (): Fault | null {
    if (this.#fault === null) return null
    const { at, fault, lasts } = this.#fault
    return this.calls.length === at || (lasts && this.calls.length > at) ? fault : null
  }

  async #call<T> (name: string, act: () => Promise<T>, undo: (result: T) => Promise<void> = async () => {}): Promise<T> {
    const fault = this.#next()
    this.calls.push(name)
    if (fault === null || fault === 'writes half') return await act()
    if (fault.done === true) await act().then(undo)
    throw Object.assign(new Error(`${fault.code}: ${name}`), { code: fault.code })
  }
}

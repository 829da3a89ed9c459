import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { missing } from './programs.ts'

/** The options of a test that needs a disk of its own. */
export function needsMounts (): { skip: string | false } {
  const point = mkdtempSync(join(tmpdir(), 'fastify-wamp-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', point], { stdio: 'ignore' })
  if (status === 0) execFileSync('umount', [point])
  rmSync(point, { recursive: true })
  return status === 0 ? { skip: false } : missing('no file system can be mounted: run it as root, in a container with CAP_SYS_ADMIN')
}

/** The options of a test in which system calls of a process fail. */
export function needsStrace (): { skip: string | false } {
  const { status } = spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing('there is no strace that may trace: apt-get install strace, and allow ptrace')
}

/** A file system of a few kilobytes in memory. */
export class SmallDisk {
  readonly path: string
  readonly #filler: string

  constructor (t: Test, kilobytes: number) {
    this.path = mkdtempSync(join(tmpdir(), 'fastify-wamp-'))
    this.#filler = join(this.path, 'filler')
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', this.path])
    t.teardown(() => {
      execFileSync('umount', ['-l', this.path])
      rmSync(this.path, { recursive: true })
    })
  }

  /** Takes room until so many kilobytes are left. */
  async fill (left: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.path)
    await appendFile(this.#filler, Buffer.alloc(Math.max(0, bavail * bsize - left * 1024)))
  }

  /** Gives the room back. */
  async empty (): Promise<void> {
    await rm(this.#filler, { force: true })
  }

  resize (kilobytes: number): void {
    execFileSync('mount', ['-o', `remount,size=${kilobytes}k`, this.path])
  }
}

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { FileLock } from '../../plugin/cookie/file-lock.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { nodeFileSystem } from '../../plugin/cookie/file-system.ts'
import type { FileSystem } from '../../plugin/cookie/file-system.ts'
import { FailingDisk } from './failing-disk.ts'
import { key, record } from './store-contract.ts'

const quiet = { warn () {}, error () {} }

async function folder (t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(async () => { await rm(path, { recursive: true, force: true }) })
  return path
}

async function cookieFile (t: Test): Promise<string> {
  return join(await folder(t), 'cookies.dat')
}

t.test('a second store for the same file is refused until the first one is closed', async (t) => {
  const filename = await cookieFile(t)
  const first = await FileStore.open({ filename, log: quiet })
  await t.rejects(FileStore.open({ filename, log: quiet }), { code: 'WAMP_ERR_COOKIE_FILE', message: new RegExp(`is in use by process ${process.pid}`) })
  await first.close()
  await (await FileStore.open({ filename, log: quiet })).close()
})

t.test('the lock of a process that is gone, or of one whose pid is used again, is taken over', async (t) => {
  const filename = await cookieFile(t)
  for (const stale of [JSON.stringify({ pid: 2 ** 22 + 1, started: '1', host: hostname() }), JSON.stringify({ pid: process.pid, started: 'another time', host: hostname() }), '{"pid":']) {
    await writeFile(`${filename}.lock`, stale)
    await (await FileStore.open({ filename, log: quiet })).close()
  }
  await writeFile(`${filename}.lock`, JSON.stringify({ pid: 1, started: '1', host: 'elsewhere' }))
  await t.rejects(FileStore.open({ filename, log: quiet }), { message: /on elsewhere/ }, 'on another host it may live')
})

t.test('a lock without a valid process has no owner, and a lock of another host expires', async (t) => {
  const filename = await cookieFile(t)
  for (const text of ['', 'null', '[]', '7', '{"pid":0,"started":"","host":""}', '{"pid":"1","started":"1","host":"here"}']) {
    await writeFile(`${filename}.lock`, text)
    await (await FileStore.open({ filename, log: quiet })).close()
  }
  await writeFile(`${filename}.lock`, JSON.stringify({ pid: 1, started: '1', host: 'elsewhere' }))
  const old = new Date(Date.now() - 61_000)
  await utimes(`${filename}.lock`, old, old)
  await (await FileStore.open({ filename, log: quiet })).close()
  t.same(await readdir(dirname(filename)), ['cookies.dat'], 'nothing is left of the locks')
})

t.test('a lock that is not a file causes an error that names it, and is not waited for', async (t) => {
  const filename = await cookieFile(t)
  const expected = { code: 'WAMP_ERR_COOKIE_FILE', message: /cannot be locked: ".*cookies\.dat\.lock" is not a file/ }
  await mkdir(`${filename}.lock`)
  await t.rejects(FileStore.open({ filename, log: quiet }), expected)
  await rm(`${filename}.lock`, { recursive: true })
  if (spawnSync('mkfifo', [`${filename}.lock`]).status === 0) await t.rejects(FileStore.open({ filename, log: quiet }), expected)
})

t.test('a lock that could not be given back does not lock this process out, and one that was taken meanwhile stays', async (t) => {
  const filename = await cookieFile(t)
  const disk = new FailingDisk()
  const first = await FileStore.open({ filename, log: quiet, fs: disk })
  disk.arm(0, { code: 'EIO' }, true)
  await first.close()
  disk.repair()
  const second = await FileStore.open({ filename, log: quiet, fs: disk })
  await writeFile(`${filename}.lock`, 'of somebody else')
  await second.close()
  t.equal(await readFile(`${filename}.lock`, 'utf8'), 'of somebody else')
})

t.test('a file has one lock, whatever its name; a symbolic link is kept, and its target is rewritten', async (t) => {
  const path = await folder(t)
  await mkdir(join(path, 'real'))
  await symlink(join(path, 'real'), join(path, 'linked'))
  await symlink(join('real', 'target.dat'), join(path, 'cookies.dat'))
  const filename = join(path, 'cookies.dat')
  const store = await FileStore.open({ filename, log: quiet })
  for (const other of ['real/target.dat', 'linked/target.dat', 'linked/../cookies.dat', 'cookies.dat']) {
    await t.rejects(FileStore.open({ filename: join(path, other), log: quiet }), { code: 'WAMP_ERR_COOKIE_FILE', message: /is in use by process/ }, other)
  }
  const inode = (await stat(filename)).ino
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record())))
  await store.set(key(100), record())
  await store.close()
  t.ok((await lstat(filename)).isSymbolicLink())
  t.not((await stat(filename)).ino, inode, 'it was rewritten')
  t.same((await readdir(join(path, 'real'))), ['target.dat'])
  const again = await FileStore.open({ filename: join(path, 'real', 'target.dat'), log: quiet })
  t.equal([...again.entries()].length, 101)
  await again.close()
})

/** A file system that waits for other processes before some of its operations, by the number of the operation. */
function interrupted (others: Readonly<Record<number, () => Promise<void>>>): FileSystem {
  let count = 0
  const turn = async (): Promise<void> => { await others[count++]?.() }
  const { open, readFile, stat, link, rename, unlink } = nodeFileSystem
  return {
    ...nodeFileSystem,
    open: async (...given) => { await turn(); return await open(...given) },
    readFile: async (...given) => { await turn(); return await readFile(...given) },
    stat: async (...given) => { await turn(); return await stat(...given) },
    link: async (...given) => { await turn(); await link(...given) },
    rename: async (...given) => { await turn(); await rename(...given) },
    unlink: async (...given) => { await turn(); await unlink(...given) }
  }
}

/** More than the operations by which a process takes over a lock. */
const OPERATIONS = 16

t.test('only one of several processes takes over a stale lock, wherever the others interrupt it', async (t) => {
  const filename = await cookieFile(t)
  for (let first = 0; first < OPERATIONS; first++) {
    for (let second = first + 1; second <= OPERATIONS; second++) {
      const locks: FileLock[] = []
      const take = async (fs: FileSystem): Promise<void> => {
        const lock = await FileLock.take(filename, fs).catch(() => null)
        if (lock !== null) locks.push(lock)
      }
      const other = async (): Promise<void> => { await take(nodeFileSystem) }
      await writeFile(`${filename}.lock`, 'stale')
      await take(interrupted({ [first]: other, [second]: other }))
      if (locks.length !== 1) t.fail(`${locks.length} processes have the lock`, { first, second })
      for (const lock of locks) await lock.release()
      await rm(`${filename}.lock`, { force: true })
    }
  }
  t.same(await readdir(dirname(filename)), [], 'nothing is left of the locks')
})

t.test('a process that is killed while it takes over a lock does not keep others from taking it over', async (t) => {
  const filename = await cookieFile(t)
  const stale = (pid: number): string => JSON.stringify({ pid, started: '1', host: hostname(), token: String(pid) })
  const successor = (path: string, text: string): string => `${path}.${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
  const lock = `${filename}.lock`
  const [first, second] = [stale(2 ** 22 + 1), stale(2 ** 22 + 2)]
  await writeFile(lock, first)
  await writeFile(successor(lock, first), second)
  const store = await FileStore.open({ filename, log: quiet })
  t.same((await readdir(dirname(filename))).sort(), ['cookies.dat', 'cookies.dat.lock'])
  await t.rejects(FileStore.open({ filename, log: quiet }), { message: /is in use by process/ })
  await store.close()
})

t.test('whichever system call fails while a lock is taken over, the next attempt succeeds', async (t) => {
  const filename = await cookieFile(t)
  const disk = new FailingDisk()
  for (const lasts of [false, true]) {
    for (let at = 0; at < OPERATIONS; at++) {
      await writeFile(`${filename}.lock`, `stale ${at}`)
      disk.arm(at, { code: 'EIO' }, lasts)
      await FileLock.take(filename, disk).then(async (lock) => { await lock.release() }, () => {})
      disk.repair()
      const lock = await FileLock.take(filename, disk)
      await t.rejects(FileLock.take(filename, disk), { message: /is in use by process/ })
      await lock.release()
    }
  }
})

t.test('a successor that is not needed and cannot be removed does not lock this process out', async (t) => {
  const filename = await cookieFile(t)
  const locks: FileLock[] = []
  const isSuccessor = (path: string): boolean => /\.lock\.[0-9a-f]{12}$/.test(path)
  const fs: FileSystem = {
    ...nodeFileSystem,
    link: async (from, to) => {
      await nodeFileSystem.link(from, to)
      if (!isSuccessor(to)) return
      await rm(`${filename}.lock`)
      locks.push(await FileLock.take(filename, nodeFileSystem))
    },
    unlink: async (path) => {
      if (path === successor) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      await nodeFileSystem.unlink(path)
    }
  }
  const successor = `${filename}.lock.${createHash('sha256').update('stale').digest('hex').slice(0, 12)}`
  await writeFile(`${filename}.lock`, 'stale')
  await t.rejects(FileLock.take(filename, fs), { message: /is in use by process/ })
  t.equal(locks.length, 1)
  await locks[0]!.release()
  await writeFile(`${filename}.lock`, 'stale')
  await (await FileLock.take(filename, nodeFileSystem)).release()
  t.same(await readdir(dirname(filename)), [])
})

t.test('a lock that other processes keep taking and releasing is an error after a few attempts', async (t) => {
  const filename = await cookieFile(t)
  const taken = async (): Promise<void> => { throw Object.assign(new Error('EEXIST'), { code: 'EEXIST' }) }
  await t.rejects(FileLock.take(filename, { ...nodeFileSystem, link: taken }), { message: /cannot be locked: other processes keep taking/ })
  t.same(await readdir(dirname(filename)), [])
})

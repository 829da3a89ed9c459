import { cp, mkdir, mkdtemp, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
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

function logger () {
  const lines: string[] = []
  const log = (details: object, text: string): void => { lines.push(`${'line' in details ? details.line : ''} ${text}`) }
  return { lines, log: { warn: log, error: log } }
}

t.test('a file that is deleted or replaced while it is in use is written anew, with all records, and the log says so once', async (t) => {
  const path = await folder(t)
  const filename = join(path, 'cookies.dat')
  const { log, lines } = logger()
  const store = await FileStore.open({ filename, log })
  await store.set(key(1), record())
  await store.set(key(2), record())
  const losses: readonly [what: string, lose: () => Promise<void>][] = [
    ['deleted', async () => { await unlink(filename) }],
    ['renamed', async () => { await rename(filename, `${filename}.old`) }],
    ['replaced', async () => { await rename(`${filename}.old`, filename) }],
    ['emptied', async () => { await truncate(filename) }],
    ['shortened', async () => { await truncate(filename, 50) }],
    ['overwritten', async () => { await writeFile(filename, 'x'.repeat(5000)) }],
    ['deleted with its lock', async () => { await rm(path, { recursive: true }); await mkdir(path) }]
  ]
  for (const [n, [what, lose]] of losses.entries()) {
    await lose()
    await Promise.all([store.set(key(10 + n), record()), store.delete(key(2))])
    await store.set(key(20 + n), record())
    t.same(lines.splice(0), [' the cookie file was deleted, replaced or changed while it was in use: it is rewritten'], what)
    await cp(filename, join(path, 'copy.dat'))
    const copy = await FileStore.open({ filename: join(path, 'copy.dat'), log: quiet })
    for (const one of [1, 10 + n, 20 + n]) t.ok(copy.get(key(one)), what)
    t.equal(copy.get(key(2)), undefined)
    await copy.close()
    await t.rejects(FileStore.open({ filename, log: quiet }), { message: /is in use by process/ }, 'it is locked as before')
    await store.set(key(2), record())
  }
  await store.close()
  const again = await FileStore.open({ filename, log: quiet })
  t.equal([...again.entries()].length, 16)
  await again.close()
})

t.test('a file that is cut at the moment of a write is written anew, with all records', async (t) => {
  for (const left of [0, 50]) {
    const filename = await cookieFile(t)
    const { log, lines } = logger()
    let state: 'steady' | 'cut' = 'steady'
    const fs: FileSystem = {
      ...nodeFileSystem,
      open: async (...given) => {
        const file = await nodeFileSystem.open(...given)
        const { write } = file
        file.write = async (...octets) => {
          if (state === 'cut') await truncate(filename, left)
          state = 'steady'
          return await write.apply(file, octets)
        }
        return file
      }
    }
    const store = await FileStore.open({ filename, log, fs })
    await store.set(key(1), record())
    state = 'cut'
    await store.set(key(2), record())
    await cp(filename, `${filename}.copy`)
    const copy = await FileStore.open({ filename: `${filename}.copy`, log: quiet })
    t.same([...copy.entries()].map(([one]) => one), [key(1), key(2)], `${left} octets were left`)
    t.same(lines, [' the cookie file was deleted, replaced or changed while it was in use: it is rewritten'])
    await copy.close()
    await store.close()
  }
})

t.test('no change is acknowledged while the directory is missing; when it is back, all records are', async (t) => {
  const path = await folder(t)
  const filename = join(path, 'inner', 'cookies.dat')
  await mkdir(join(path, 'inner'))
  const { log, lines } = logger()
  const store = await FileStore.open({ filename, log })
  await store.set(key(1), record())
  await store.set(key(2), record())
  await rename(join(path, 'inner'), join(path, 'away'))
  for (let i = 0; i < 3; i++) await t.rejects(store.set(key(3), record()), { code: 'WAMP_ERR_COOKIE_FILE', message: /cookies\.dat" cannot be written: ENOENT/ })
  await t.rejects(store.delete(key(2)), { code: 'WAMP_ERR_COOKIE_FILE' })
  await writeFile(join(path, 'inner'), 'a file')
  await t.rejects(store.set(key(3), record()), { code: 'WAMP_ERR_COOKIE_FILE' })
  await unlink(join(path, 'inner'))
  await mkdir(join(path, 'inner'))
  await store.set(key(4), record())
  t.equal(lines.length, 1, 'it is logged once')
  await store.close()
  const again = await FileStore.open({ filename, log: quiet })
  t.same([...again.entries()].map(([one]) => one), [key(1), key(4)])
  await again.close()
})

t.test('a deleted file that another process has taken over is left to that process', async (t) => {
  const path = await folder(t)
  const filename = join(path, 'cookies.dat')
  const store = await FileStore.open({ filename, log: quiet })
  await store.set(key(1), record())
  await rm(path, { recursive: true })
  await mkdir(path)
  const other = await FileStore.open({ filename, log: quiet })
  await other.set(key(2), record())
  await t.rejects(store.set(key(3), record()), { code: 'WAMP_ERR_COOKIE_FILE', message: /is in use by process/ })
  await store.close()
  await other.set(key(4), record())
  await other.close()
  const again = await FileStore.open({ filename, log: quiet })
  t.same([...again.entries()].map(([one]) => one), [key(2), key(4)])
  await again.close()
})

t.test('a directory that is writable but not readable is reported as one that cannot be synced', async (t) => {
  const filename = await cookieFile(t)
  const disk = new FailingDisk()
  await (await FileStore.open({ filename, log: quiet, fs: disk })).close()
  disk.forbidden = dirname(filename)
  const { log, lines } = logger()
  const store = await FileStore.open({ filename, log, fs: disk })
  t.same(lines, [' the directory of the cookie file cannot be synced: a power failure may restore an older file'])
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record())))
  await store.set(key(200), record())
  t.ok((await readFile(filename, 'utf8')).includes(key(200)), 'what is acknowledged is in the file')
  t.equal(lines.length, 1, 'it is said once')
  await store.close()
  t.equal(disk.opened, 0)
})

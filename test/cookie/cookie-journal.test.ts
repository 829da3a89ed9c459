import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { CookieJournal } from '../../plugin/cookie/cookie-journal.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { FailingDisk } from './failing-disk.ts'
import { key, record } from './store-contract.ts'

const quiet = { warn () {}, error () {} }

async function cookieFile (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  return join(folder, 'cookies.dat')
}

/** A file store on a disk that can be made to fail, and what it logs. */
async function build (t: Test) {
  const filename = await cookieFile(t)
  const disk = new FailingDisk()
  const logged: string[] = []
  const log = (_: object, text: string): void => { logged.push(text) }
  const reopen = async (): Promise<FileStore> => await FileStore.open({ filename, fs: disk, log: { warn: log, error: log } })
  return { filename, disk, logged, reopen, store: await reopen() }
}

t.test('lines that are appended right after others are on disk when it resolves, whenever that is', async (t) => {
  const filename = await cookieFile(t)
  const disk = new FailingDisk()
  await (await disk.open(filename, 'a')).close()
  const journal = await CookieJournal.open({
    fs: disk, path: filename, log: quiet, snapshot: () => [], hold: async () => {}, deletions: () => ({ lines: [], written () {} })
  }, { length: 0, lines: 0 })
  let expected = ''
  for (let turns = 0; turns < 20; turns++) {
    const [first, second] = [`${turns} first\n`, `${turns} second\n`]
    const appended = journal.append([first], () => {})
    await appended
    // The journal may be at any point of its end when the next line comes.
    for (let i = 0; i < turns; i++) await Promise.resolve()
    await journal.append([second], () => {})
    expected += first + second
    t.equal(await readFile(filename, 'utf8'), expected)
  }
  t.equal(journal.lines, 40)
  await journal.close()
  await t.rejects(journal.append(['late\n'], () => {}), { message: 'the file is closed' })
})

t.test('a write that fails rejects, and leaves no half line behind', async (t) => {
  const { disk, store, reopen } = await build(t)
  await store.set(key(1), record())
  disk.arm(0, { code: 'ENOSPC' }, true)
  await t.rejects(store.set(key(2), record()), { code: 'WAMP_ERR_COOKIE_FILE', message: /cookies\.dat" cannot be written: ENOSPC/ })
  t.equal(store.get(key(2)), undefined, 'what is not on disk is not stored')
  disk.repair()
  await store.set(key(3), record())
  await store.close()
  const again = await reopen()
  t.same([...again.entries()].map(([one]) => one), [key(1), key(3)])
  await again.close()
})

t.test('an acknowledged change of a key is kept if a later write of the key fails', async (t) => {
  const { disk, store, reopen } = await build(t)
  const first = store.set(key(1), record({ authid: 'first' }))
  await Promise.resolve()
  await Promise.resolve()
  // It comes while the first is being written, and is written by itself.
  const second = store.set(key(1), record({ authid: 'second' }))
  await first
  disk.arm(0, { code: 'EIO' }, true)
  await t.rejects(second)
  disk.repair()
  t.match(store.get(key(1)), { authid: 'first' })
  await store.close()
  const again = await reopen()
  t.match(again.get(key(1)), { authid: 'first' })
  await again.close()
})

t.test('a deletion that could not be written is written with the next change, or at the end', async (t) => {
  for (const next of ['a change', 'the end']) {
    const { disk, store, reopen } = await build(t)
    await store.set(key(1), record())
    disk.arm(0, { code: 'ENOSPC' }, true)
    await t.rejects(store.delete(key(1)), { code: 'WAMP_ERR_COOKIE_FILE' })
    t.equal(store.get(key(1)), undefined, 'in this process it is gone')
    disk.repair()
    if (next === 'a change') await store.set(key(2), record())
    await store.close()
    const again = await reopen()
    t.equal(again.get(key(1)), undefined, next)
    await again.close()
  }
})

t.test('each of many concurrent deletions is one line', async (t) => {
  const { filename, store } = await build(t)
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record())))
  await Promise.all(Array.from({ length: 100 }, (_, n) => store.delete(key(n))))
  await store.close()
  t.equal((await readFile(filename, 'utf8')).trim().split('\n').length, 200)
})

t.test('a record that is set again after a deletion that failed stays', async (t) => {
  const { disk, store, reopen } = await build(t)
  await store.set(key(1), record({ authid: 'old' }))
  disk.arm(0, { code: 'EIO' }, true)
  await t.rejects(store.delete(key(1)))
  disk.repair()
  await Promise.all([store.set(key(1), record({ authid: 'new' })), store.set(key(2), record())])
  await store.set(key(3), record())
  await store.close()
  const again = await reopen()
  t.match(again.get(key(1)), { authid: 'new' })
  await again.close()
})

t.test('a file that cannot be rewritten stays in use, which is logged once, and leaves no temporary file', async (t) => {
  const { filename, disk, logged, store, reopen } = await build(t)
  const fill = async (): Promise<void> => { await Promise.all(Array.from({ length: 1100 }, (_, n) => store.set(key(n % 100), record()))) }
  await fill()
  disk.renames = 'fail'
  for (let round = 0; round < 5; round++) await fill()
  t.same(logged, ['the cookie file could not be compacted: it continues to grow'])
  t.same((await readdir(dirname(filename))).sort(), ['cookies.dat', 'cookies.dat.lock'])
  disk.renames = 'work'
  await fill()
  await store.close()
  t.ok((await readFile(filename, 'utf8')).split('\n').length < 3000, 'it is rewritten when that works')
  const again = await reopen()
  t.equal([...again.entries()].length, 100)
  await again.close()
  t.equal(disk.opened, 0)
})

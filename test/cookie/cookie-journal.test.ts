import { mkdtemp, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { key, record } from './store-contract.ts'

type Write = (data: Buffer, from: number, length: number, position: number) => Promise<{ bytesWritten: number }>

/** A file store on a disk that can be made to fail. */
async function build (t: Test) {
  const disk = { full: false, broken: false, noRoomForAnother: false }
  const filename = join(await mkdtemp(join(tmpdir(), 'fastify-wamp-')), 'cookies.dat')
  const probe = await open(filename, 'w')
  const handles = Object.getPrototypeOf(probe) as { write: Write, truncate: FileHandle['truncate'] }
  await probe.close()
  const { write, truncate } = handles
  handles.write = async function (data, from, length, position) {
    // Only a file that is written anew is written as text.
    if (disk.noRoomForAnother && typeof data === 'string') throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    if (!disk.full) return await write.call(this, data, from, length, position)
    // Half of it still fits.
    if (Buffer.isBuffer(data)) await write.call(this, data, from, length >> 1, position)
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  }
  handles.truncate = async function (length) {
    if (disk.broken) throw new Error('broken')
    await truncate.call(this as FileHandle, length)
  }
  t.teardown(() => { Object.assign(handles, { write, truncate }) })
  const logged: string[] = []
  const reopen = async (): Promise<FileStore> => await FileStore.open({ filename, log: { warn () { t.fail('a line is broken') }, error: (_, text) => { logged.push(text) } } })
  return { disk, logged, store: await reopen(), reopen }
}

t.test('a write that fails rejects, and leaves no half line behind', async (t) => {
  const { disk, store, reopen } = await build(t)
  await store.set(key(1), record())
  disk.full = true
  await t.rejects(store.set(key(2), record()), { code: 'ENOSPC' })
  t.equal(store.get(key(2)), undefined, 'what is not on disk is not stored')
  disk.broken = true
  await t.rejects(store.set(key(3), record()), { code: 'ENOSPC' }, 'not even cutting it off works')
  Object.assign(disk, { full: false, broken: false })
  await store.set(key(4), record())
  await store.close()
  const again = await reopen()
  t.same([...again.entries()].map(([one]) => one), [key(1), key(4)])
  await again.close()
})

t.test('a deletion that could not be written is written with the next change', async (t) => {
  const { disk, store, reopen } = await build(t)
  await store.set(key(1), record())
  disk.full = true
  await t.rejects(store.delete(key(1)), { code: 'ENOSPC' })
  t.equal(store.get(key(1)), undefined, 'in this process it is gone')
  disk.full = false
  await store.set(key(2), record())
  await store.close()
  const again = await reopen()
  t.same([...again.entries()].map(([one]) => one), [key(2)])
  await again.close()
})

t.test('a file that cannot be rewritten goes on as it is', async (t) => {
  const { disk, logged, store, reopen } = await build(t)
  disk.noRoomForAnother = true
  for (let round = 0; round < 12; round++) await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record())))
  await store.set(key(500), record())
  await store.close()
  t.same(new Set(logged), new Set(['the cookie file could not be compacted: it goes on growing']))
  const again = await reopen()
  t.equal([...again.entries()].length, 101)
  await again.close()
})

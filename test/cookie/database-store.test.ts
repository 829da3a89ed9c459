import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import t from 'tap'
import type { Test } from 'tap'
import { keyOf } from '../../plugin/cookie/cookie-id.ts'
import { DatabaseStore } from '../../plugin/cookie/database-store.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import { key, record, testStore } from './store-contract.ts'

async function keysOf (store: DatabaseStore): Promise<string[]> {
  const keys = []
  for await (const [key] of store.entries()) keys.push(key)
  return keys
}

async function directory (t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(() => rm(path, { recursive: true }))
  return join(path, 'cookies')
}

t.test('the database store fulfills the contract of a cookie store [CKI-10]', async (t) => {
  await testStore(t, async (t) => await DatabaseStore.open({ path: await directory(t) }))
})

t.test('stored records are available when the database is opened again, and can be opened read-only', async (t) => {
  const path = await directory(t)
  const first = await DatabaseStore.open({ path })
  await first.set(key(1), record({ authid: 'ann' }))
  await first.close()
  const second = await DatabaseStore.open({ path, readonly: true })
  t.match(second.get(key(1)), { authid: 'ann' })
  await t.rejects(async () => { await second.set(key(2), record()) })
  await second.close()
})

t.test('changes by another process are visible at once, even in the same turn', async (t) => {
  const path = await directory(t)
  const store = await DatabaseStore.open({ path })
  await store.set(key(1), record({ authid: 'ann' }))
  t.match(store.get(key(1)), { authid: 'ann' })
  t.equal(store.get(key(2)), undefined)
  const script = `
    const { open } = await import('lmdb')
    const database = open({ path: ${JSON.stringify(path)}, encoding: 'json', maxDbs: 1 })
    await database.remove('${key(1)}')
    await database.put('${key(2)}', ${JSON.stringify(record({ authid: 'joe' }))})
    await database.close()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { env: {}, encoding: 'utf8' })
  t.equal(status, 0, stderr)
  t.equal(store.get(key(1)), undefined)
  t.match(store.get(key(2)), { authid: 'joe' })
  t.same(await keysOf(store), [key(2)])
  await store.close()
})

t.test('changes reject while its files are deleted, moved away or replaced, and are made when the files are back', async (t) => {
  for (const [name, suffixes] of [['cookies', ['']], ['cookies.mdb', ['', '-lock']]] as const) {
    for (const replaced of [false, true]) {
      const path = join(await directory(t), '..', name)
      const store = await DatabaseStore.open({ path })
      await store.set(key(1), record({ authid: 'ann' }))
      await store.set(key(2), record({ authid: 'joe' }))
      for (const suffix of suffixes) {
        await rename(path + suffix, `${path}.away${suffix}`)
        if (replaced) await cp(`${path}.away${suffix}`, path + suffix, { recursive: true })
        await t.rejects(store.set(key(3), record()), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /was deleted, moved or replaced/ })
        await t.rejects(store.delete(key(1)), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /was deleted, moved or replaced/ })
        t.match(store.get(key(1)), { authid: 'ann' }, 'it can be read')
        await rm(path + suffix, { recursive: true, force: true })
        await rename(`${path}.away${suffix}`, path + suffix)
      }
      await store.delete(key(1))
      await store.set(key(4), record())
      await store.close()
      const next = await DatabaseStore.open({ path })
      t.same(await keysOf(next), [key(2), key(4)])
      await next.close()
    }
  }
})

t.test('a database whose files are gone is not replaced by an empty one after a failure', async (t) => {
  const path = await directory(t)
  const store = await DatabaseStore.open({ path })
  await store.set(key(1), record({ authid: 'ann' }))
  await t.rejects(store.set('x'.repeat(5000), record()))
  await rename(path, `${path}.away`)
  await t.rejects(async () => await store.get(key(1)), { code: 'WAMP_ERR_COOKIE_DATABASE' })
  t.equal(await stat(path).catch(() => null), null)
  await rename(`${path}.away`, path)
  t.match(await store.get(key(1)), { authid: 'ann' })
  await store.close()
})

t.test('expired records can be dropped when it is opened', async (t) => {
  const path = await directory(t)
  const first = await DatabaseStore.open({ path, sync: false })
  await first.set(key(1), record({ created: Date.now() - 2000, maxAge: 1 }))
  await first.set(key(2), record())
  await first.close()
  const second = await DatabaseStore.open({ path, purgeOnStartup: true })
  t.same(await keysOf(second), [key(2)])
  await second.close()
})

t.test('values that are not JSON objects are skipped and kept: logins can be listed, revoked and purged', async (t) => {
  const path = await directory(t)
  const other = open<Uint8Array, string>({ path, encoding: 'binary', maxDbs: 1 })
  for (const [n, octets] of [Buffer.from('{"crea'), Buffer.from('secret'), Buffer.alloc(0), Buffer.alloc(8), Buffer.from([0xff]), Buffer.from('null'), Buffer.from('"text"')].entries()) await other.put(key(n), octets)
  const count = other.getKeysCount()
  const { tracker, logged } = buildTracker({ store: await DatabaseStore.open({ path, purgeOnStartup: true }) })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  connection.leave()
  t.equal(await browser.identity(), 'joe')
  t.equal((await tracker.find()).length, 1)
  await other.put(keyOf(browser.value!), Buffer.from('{"crea'))
  t.type((await browser.open()).setCookie, 'string', 'a damaged cookie is replaced')
  t.equal(await tracker.revoke({ authid: 'joe' }), 1)
  t.match(logged, [/^the cookie store contains a value that is not a record/])
  t.equal(logged.length, 1)
  t.equal(other.getKeysCount(), count + 1)
  await tracker.close()
  await other.close()
})

t.test('a database that cannot be opened is an error with a code', async (t) => {
  await t.rejects(DatabaseStore.open({ path: '/dev/null/cookies' }), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /"\/dev\/null\/cookies" cannot be opened/ })
})

t.test('a file that is not a database causes an error with a code, and does not crash the process', async (t) => {
  const path = await directory(t)
  await mkdir(path)
  const good = join(path, 'good')
  await (await DatabaseStore.open({ path: good })).close()
  const whole = await readFile(join(good, 'data.mdb'))
  const half = whole.subarray(0, 4096)
  for (const data of [whole.subarray(0, 100), half, Buffer.alloc(16_384), Buffer.alloc(8192, 'text'), Buffer.concat([half, Buffer.alloc(4096)])]) {
    await writeFile(join(path, 'data.mdb'), data)
    for (const readonly of [false, true]) await t.rejects(DatabaseStore.open({ path, readonly }), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /is not an LMDB database, or is damaged/ })
  }
  await rm(join(path, 'data.mdb'))
  await t.rejects(DatabaseStore.open({ path, readonly: true }), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /does not exist/ })
  await (await DatabaseStore.open({ path })).close()
  await (await DatabaseStore.open({ path: join(path, 'file.mdb') })).close()
  t.same((await readdir(path)).sort(), ['data.mdb', 'file.mdb', 'file.mdb-lock', 'good', 'lock.mdb'], 'nothing else is left')
})

t.test('a database of another data format, such as that of Crossbar.io, causes an error with a code, and is not changed', async (t) => {
  const path = await directory(t)
  await (await DatabaseStore.open({ path })).close()
  const [data, lock] = [join(path, 'data.mdb'), join(path, 'lock.mdb')]
  const ours = await readFile(data)
  const lockBefore = await readFile(lock)
  // The head of a page has 24 octets, and 16 in format 1.
  for (const { format, head } of [{ format: 1, head: 16 }, { format: 3, head: 24 }, { format: 999, head: 24 }]) {
    const theirs = Buffer.from(ours)
    for (const page of [0, ours.readUInt32LE(48)]) {
      ours.copy(theirs, page + head, page + 24, page + 200)
      theirs.writeUInt32LE(format, page + head + 4)
    }
    await writeFile(data, theirs)
    for (const readonly of [false, true]) {
      await t.rejects(DatabaseStore.open({ path, readonly }), { code: 'WAMP_ERR_COOKIE_DATABASE', message: new RegExp(`has LMDB's data format ${format}, but`) })
    }
    t.same(await readFile(data), theirs)
    t.same(await readFile(lock), lockBefore)
  }
})

t.test('a readonly database rejects changes with a clear error', async (t) => {
  const path = await directory(t)
  const first = await DatabaseStore.open({ path })
  await first.set(key(1), record())
  await first.close()
  const second = await DatabaseStore.open({ path, readonly: true })
  for (const change of [second.set(key(2), record()), second.delete(key(1))]) {
    await t.rejects(change, { code: 'WAMP_ERR_COOKIE_DATABASE', message: /cookies" is opened readonly: nothing can be written/ })
  }
  t.ok(await second.get(key(1)))
  await second.close()
})

t.test('a database that has reached maxSize refuses logins, and takes deletions and then logins again', async (t) => {
  const path = await directory(t)
  const maxSize = 262_144
  const store = await DatabaseStore.open({ path, maxSize })
  const set = async (n: number): Promise<unknown> => { try { await store.set(key(n), record()); return null } catch (error) { return error } }
  let stored = 0
  let error: unknown
  while (error === undefined || error === null) error = await set(stored++)
  t.match(error, { code: 'WAMP_ERR_COOKIE_DATABASE', message: /is full: maxSize is 262144 octets/ })
  t.ok(stored > 300, `${stored} logins were stored`)
  t.ok((await stat(join(path, 'data.mdb'))).size <= maxSize + 65_536)
  await Promise.all(Array.from({ length: 2000 }, (_, n) => set(10_000 + n)))
  t.ok((await stat(join(path, 'data.mdb'))).size <= maxSize + 65_536, 'a flood does not make it grow')
  await Promise.all(Array.from({ length: 200 }, (_, n) => store.delete(key(n))))
  for (let n = 0; n < 100; n++) t.equal(await set(n), null)
  await store.close()
})

t.test('a record that cannot be written does not affect other records, and the database stays open', async (t) => {
  const store = await DatabaseStore.open({ path: await directory(t) })
  const results = await Promise.allSettled([store.set(key(1), record()), store.set('x'.repeat(5000), record()), store.set(key(2), record())])
  t.same(results.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.ok(await store.get(key(1)), 'it is opened anew to be read')
  await store.set(key(3), record())
  t.same(await keysOf(store), [key(1), key(2), key(3)])
  await store.close()
  await t.rejects(store.set(key(4), record()), { code: 'WAMP_ERR_COOKIE_DATABASE', message: /it is closed/ })
})

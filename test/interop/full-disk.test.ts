import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import { writeLine } from '../../plugin/cookie/cookie-line.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { key, record } from '../cookie/store-contract.ts'
import { ToldRecords } from '../cookie/told-records.ts'
import { openStore } from './killed-stores.ts'
import { needsMounts, needsStrace, SmallDisk } from './small-disk.ts'

const kinds = [
  ['file', 'cookies.dat', 'WAMP_ERR_COOKIE_FILE', /cookies\.dat" cannot be written/],
  // LMDB has other words for a failed write, and must not try one.
  ['database', 'cookies', 'WAMP_ERR_COOKIE_DATABASE', /cookies" cannot be written: the disk is full$/]
] as const

for (const [kind, name, code, message] of kinds) {
  t.test(`on a full disk no login is acknowledged that is not kept, and when there is room again all goes on: ${kind}`, needsMounts(), async (t) => {
    const disk = new SmallDisk(t, 256)
    const path = join(disk.path, name)
    const told = new ToldRecords()
    const store = await openStore(kind, path)
    let count = 0
    while (await told.set(store, count)) count++
    t.ok(count > 100, `${count} logins were stored`)
    for (let n = count; n < count + 20; n++) await told.set(store, n)
    await Promise.all(Array.from({ length: 20 }, (_, n) => told.delete(store, n)))
    for (const error of told.takeErrors()) t.match(error, { code, message })
    await told.check(t, store, 'on the full disk')

    disk.resize(1024)
    for (let n = 500; n < 520; n++) t.ok(await told.set(store, n), 'there is room')
    for (let n = 0; n < 20; n++) t.ok(await told.delete(store, n))
    await told.check(t, store, 'with room')
    await store.close()
    const again = await openStore(kind, path)
    await told.check(t, again, 'after a restart')
    await again.close()
  })

  t.test(`a store that is opened on a full disk is an error with a code, and opens when there is room: ${kind}`, needsMounts(), async (t) => {
    for (let left = 0; left <= 72; left += 4) {
      const disk = new SmallDisk(t, 256)
      await disk.fill(left)
      const path = join(disk.path, name)
      const store = await openStore(kind, path).catch((error: unknown) => { t.match(error, { code }, `${left} kilobytes are left`); return null })
      await disk.empty()
      const again = store ?? await openStore(kind, path)
      await again.set(key(1), record())
      t.match(await again.get(key(1)), { authid: 'joe' })
      await again.close()
    }
  })
}

t.test('LMDB tries no write that a full disk would refuse, whatever is stored and deleted at once', needsMounts(), async (t) => {
  const random = fc.sample(fc.tuple(fc.nat(300), fc.boolean(), fc.oneof(fc.nat(200), fc.nat(20_000))), { numRuns: 6000, seed: 1 })
  const disk = new SmallDisk(t, 512)
  const store = await openStore('database', join(disk.path, 'cookies'))
  let stored = 0
  for (let size = 1; random.length > 0; size = size % 250 + 1) {
    const results = await Promise.allSettled(random.splice(0, size).map(async ([n, kept, length]) => {
      await (kept ? store.set(key(n), record({ authextra: { text: 'x'.repeat(length) } })) : store.delete(key(n)))
    }))
    for (const result of results) {
      if (result.status === 'fulfilled') stored++
      else if (!/the disk is full$/.test(String(result.reason))) t.fail(String(result.reason))
    }
  }
  t.ok(stored > 100 && stored < 6000, `${stored} changes were stored`)
  await store.close()
})

t.test('a compaction that finds no room leaves the file as it is, and the room to the logins', needsMounts(), async (t) => {
  const disk = new SmallDisk(t, 1024)
  const filename = join(disk.path, 'cookies.dat')
  const logged: string[] = []
  const log = (_: object, text: string): void => { logged.push(text) }
  const live = Array.from({ length: 600 }, (_, n) => writeLine(key(1000 + n), record()))
  await writeFile(filename, `${live.join('')}${writeLine(key(5000), record()).repeat(1700)}`)
  const store = await FileStore.open({ filename, log: { warn: log, error: log } })
  await disk.fill(60)
  const told = new ToldRecords()
  for (let n = 0; n < 100; n++) t.ok(await told.set(store, n), 'logins are stored')
  for (let n = 0; n < 50; n++) t.ok(await told.delete(store, n), 'and deleted')
  t.same(logged, ['the cookie file could not be compacted: it continues to grow'])
  t.same((await readdir(disk.path)).sort(), ['cookies.dat', 'cookies.dat.lock', 'filler'], 'nothing takes the room')
  await store.close()
  const again = await FileStore.open({ filename, log: { warn: log, error: log } })
  await told.check(t, again, 'after a restart')
  t.equal([...again.entries()].length, 651)
  await again.close()
  t.equal(logged.length, 1, 'no line is torn')
})

const child = fileURLToPath(new URL('failing-child.ts', import.meta.url))

t.test('if a sync fails below LMDB, the process lives, and keeps what it acknowledged', needsStrace(), async (t) => {
  const [kind, name, code] = kinds[1]
  for (const first of [1, 2]) {
    const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const path = join(folder, name)
    await (await openStore(kind, path)).close()
    const what = `fdatasync fails from the ${first}. on`
    const inject = ['-e', 'trace=fdatasync', '-e', `inject=fdatasync:error=EIO:when=${first}..${first + 2}`]
    const running = spawn('strace', ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', ...inject, process.execPath, ...process.execArgv, child, kind, path], {
      // One thread for all of them, since they are counted by thread.
      env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
      stdio: ['ignore', 'pipe', 'ignore']
    })
    const exited = once(running, 'exit')
    const told = { in: new Set<string>(), leaving: new Set<string>(), out: new Set<string>(), failed: new Set<string>(), opened: new Set<string>() }
    for await (const line of createInterface(running.stdout)) {
      const [what, value] = line.split(' ') as [keyof typeof told, string]
      told[what].add(value)
      if (what === 'leaving') told.in.delete(value)
    }
    t.same(await exited, [0, null], what)
    t.ok(told.in.has('9'), `${what}: the last login is stored`)
    const again = await openStore(kind, path)
    for (const n of told.in) t.ok(await again.get(key(Number(n))), `${what}: ${n} is kept`)
    for (const n of told.out) t.notOk(await again.get(key(Number(n))), `${what}: ${n} is over`)
    t.same([...told.failed].filter((failed) => failed !== code), [], what)
    await again.close()
    await rm(folder, { recursive: true })
  }
})

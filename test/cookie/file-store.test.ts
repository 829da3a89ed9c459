import { chmod, mkdir, mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { keyOf } from '../../plugin/cookie/cookie-id.ts'
import { writeLine } from '../../plugin/cookie/cookie-line.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { key, record, testStore } from './store-contract.ts'

const quiet = { warn () {}, error () {} }

async function folder (t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  t.teardown(async () => { (await import('node:fs')).rmSync(path, { recursive: true, force: true }) })
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

t.test('the file store fulfills the contract of a cookie store', async (t) => {
  await testStore(t, async (t) => FileStore.open({ filename: await cookieFile(t), log: quiet }))
})

t.test('records persist when the store is closed and opened again [CKI-09, CKO-08]', async (t) => {
  const filename = await cookieFile(t)
  const first = await FileStore.open({ filename, log: quiet })
  const given = record({ authextra: { note: 'ä\n' } })
  await Promise.all([first.set(key(1), given), first.set(key(2), record()), first.set(key(3), record())])
  await first.delete(key(3))
  await first.close()

  const second = await FileStore.open({ filename, log: quiet })
  t.same(second.get(key(1)), given)
  t.ok(second.get(key(2)))
  t.equal(second.get(key(3)), undefined, 'a deleted record stays deleted after a restart [CKO-11]')
  await second.close()
})

t.test('only its owner can read the file, even if the file already existed [CKO-16]', async (t) => {
  const filename = await cookieFile(t)
  await (await FileStore.open({ filename, log: quiet })).close()
  t.equal((await stat(filename)).mode & 0o777, 0o600)
  await chmod(filename, 0o644)
  await (await FileStore.open({ filename, log: quiet })).close()
  t.equal((await stat(filename)).mode & 0o777, 0o600)
})

t.test('acknowledged changes are lines of the file, in the format of this store [CKO-16]', async (t) => {
  const filename = await cookieFile(t)
  const store = await FileStore.open({ filename, log: quiet })
  await store.set(keyOf('the value of a cookie'), record())
  const text = await readFile(filename, 'utf8')
  t.match(JSON.parse(text), { sha256: keyOf('the value of a cookie'), authid: 'joe' })
  t.notMatch(text, /cbtid|the value/)
  await store.close()
})

t.test('an incomplete last line is removed and reported, and nothing else is lost [CKO-10]', async (t) => {
  const filename = await cookieFile(t)
  const first = await FileStore.open({ filename, log: quiet })
  await first.set(key(1), record())
  await first.close()
  const whole = await readFile(filename, 'utf8')
  await writeFile(filename, whole + whole.slice(0, 60))

  const { log, lines } = logger()
  const second = await FileStore.open({ filename, log })
  t.same(lines, ['2 the last line of the cookie file is incomplete and was removed'])
  await second.set(key(2), record())
  await second.close()
  const third = await FileStore.open({ filename, log })
  t.same([...third.entries()].map(([one]) => one), [key(1), key(2)])
  t.equal(lines.length, 1)
  await third.close()
})

t.test('a broken line in the middle is skipped and reported by its number', async (t) => {
  const filename = await cookieFile(t)
  const first = await FileStore.open({ filename, log: quiet })
  await first.set(key(1), record())
  await first.close()
  const line = await readFile(filename, 'utf8')
  await writeFile(filename, `${line}{"sha256":"x","created":"yesterday"}\n[]\nnonsense\n\n${line.replace(key(1), key(2))}`)
  const { log, lines } = logger()
  const second = await FileStore.open({ filename, log })
  t.same(lines.map((text) => text.slice(0, 1)), ['2', '3', '4'])
  t.same([...second.entries()].map(([one]) => one), [key(1), key(2)])
  await second.close()
})

/** True if text can be read and written again. */
function isJson (text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text
  } catch {
    return false
  }
}

t.test('unusable lines are skipped, and no other line is lost', async (t) => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  // From Node.js 26 on, JSON has no limit of levels: such a line can be written again, and is kept.
  const isKept = isJson(deep)
  const [before, after] = [key(1), key(2)].map((one) => writeLine(one, record()))
  const foreign = { cbtid: 'value', created: '2026-01-01T00:00:00.000Z', max_age: 1e9, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
  const damaged: readonly [what: string, line: Buffer][] = [
    ['NULs', Buffer.alloc(5000)],
    ['no UTF-8', Buffer.from(writeLine(key(3), record({ authid: 'jo\xff' })).trim(), 'latin1')],
    ['too deep', Buffer.from(JSON.stringify({ sha256: key(3), ...record({ authextra: { a: 0 } }) }).replace('"a":0', `"a":${deep}`))],
    ['too deep, of Crossbar.io', Buffer.from(JSON.stringify({ ...foreign, authextra: { a: 0 } }).replace('"a":0', `"a":${deep}`))],
    ['a time that is none', Buffer.from(writeLine(key(3), record({ created: 1e300 })).trim())],
    ['two records in one', Buffer.from(JSON.stringify({ sha256: key(3), login: key(1), ...record() }))],
    ['an unknown name', Buffer.from('{"__proto__":{"sha256":"a"}}')]
  ]
  for (const [what, line] of damaged) {
    const filename = await cookieFile(t)
    await writeFile(filename, Buffer.concat([Buffer.from(before!), line, Buffer.from(`\n${after!}`)]))
    const { log, lines } = logger()
    const store = await FileStore.open({ filename, log, purgeOnStartup: true })
    const entries = [...store.entries()].map(([one]) => one)
    if (isKept && what.startsWith('too deep')) {
      t.same([lines.length, entries.length > 2], [0, true], what)
    } else {
      t.same(lines, ['2 a line of the cookie file cannot be read and was skipped'], what)
      t.same(entries, [key(1), key(2)], what)
    }
    await store.close()
  }
})

t.test('a byte order mark, or NULs of a file system, do not cost the line that follows them', async (t) => {
  const filename = await cookieFile(t)
  await writeFile(filename, `\uFEFF${writeLine(key(1), record())}${'\0'.repeat(100)}${writeLine(key(2), record())}`)
  const { log, lines } = logger()
  const store = await FileStore.open({ filename, log })
  t.same([...store.entries()].map(([one]) => one), [key(1), key(2)])
  t.same(lines, [])
  await store.close()
})

t.test('many lines that cannot be read do not flood the log', async (t) => {
  const filename = await cookieFile(t)
  await writeFile(filename, `${writeLine(key(1), record())}${'x\n'.repeat(1000)}`)
  const { log, lines } = logger()
  const store = await FileStore.open({ filename, log })
  t.equal(lines.length, 11)
  t.equal(lines.at(-1), ' more lines of the cookie file cannot be read and were skipped')
  await store.close()
})

t.test('a file with other content is rejected, and not changed', async (t) => {
  const filename = await cookieFile(t)
  for (const text of ['{"name":"app"}', '{\n  "name": "app"\n}\n', 'a text\n', 'a text', '\uFFFD\uFFFD', '{\0"\0s\0h\0a\0']) {
    await writeFile(filename, text, { mode: 0o644 })
    await t.rejects(FileStore.open({ filename, log: quiet }), { code: 'WAMP_ERR_COOKIE_FILE', message: /cookies.dat" contains no line of a cookie file/ })
    t.equal(await readFile(filename, 'utf8'), text)
    t.equal((await stat(filename)).mode & 0o777, 0o644)
  }
  for (const rest of ['', '\n', '{"sha256":"00', '{"sh', '\0'.repeat(100), '{"sha\0\0']) {
    await writeFile(filename, rest)
    await (await FileStore.open({ filename, log: quiet })).close()
  }
})

t.test('a cookies.dat of Crossbar.io is read, and its cookies are immediately replaced by hashes [CKO-08, CKO-09, CKO-10, CKO-16]', async (t) => {
  const filename = await cookieFile(t)
  const now = new Date().toISOString()
  const base = { created: now, max_age: 604800, authid: null, authrole: null, authmethod: null, authrealm: null, authextra: null }
  const joe = { ...base, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
  await writeFile(filename, [
    { cbtid: 'visitor/AAAAAAAAAAAAAAAA', status: 'created', ...base },
    { cbtid: 'joe+AAAAAAAAAAAAAAAAAAAA', status: 'created', ...base },
    { cbtid: 'joe+AAAAAAAAAAAAAAAAAAAA', status: 'modified', modified: now, ...joe, authextra: { x_cb_peer: 'tcp4:1.2.3.4', x_cb_pid: 7, team: 'a' } },
    { id: 'old-AAAAAAAAAAAAAAAAAAAAA', ...joe },
    { cbtid: 'out-AAAAAAAAAAAAAAAAAAAA', status: 'modified', ...joe },
    { cbtid: 'out-AAAAAAAAAAAAAAAAAAAA', status: 'deleted', ...joe, deleted: now },
    { cbtid: 'anonymousAAAAAAAAAAAAAAA', status: 'modified', ...joe, authmethod: 'anonymous' },
    { cbtid: 'expiredAAAAAAAAAAAAAAAAA', status: 'modified', ...joe, created: '2001-01-01T00:00:00.000Z' }
  ].map((line) => `${JSON.stringify(line)}\n`).join(''))

  const store = await FileStore.open({ filename, log: quiet })
  const cookies = [...store.entries()].flatMap(([key, record]) => 'login' in record ? [{ key, login: record.login }] : [])
  t.same(cookies.map(({ key }) => key), [keyOf('joe+AAAAAAAAAAAAAAAAAAAA'), keyOf('old-AAAAAAAAAAAAAAAAAAAAA')])
  t.equal([...store.entries()].length, 4, 'two cookies, and the logins that they lead to')
  t.match(store.get(cookies[0]!.login), {
    authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1', maxAge: 604800, created: Date.parse(now), authextra: { team: 'a' }
  })
  const text = await readFile(filename, 'utf8')
  t.notMatch(text, /cbtid|x_cb_|joe\+|old-|anonymous|expired/)
  t.equal(text.split('\n').length, 5)
  t.equal((await stat(filename)).mode & 0o777, 0o600)
  await store.close()
})

t.test('purgeOnStartup drops expired records from file and memory [CKO-12]', async (t) => {
  const filename = await cookieFile(t)
  const first = await FileStore.open({ filename, log: quiet })
  await first.set(key(1), record({ created: 0 }))
  await first.set(key(2), record())
  await first.close()
  const second = await FileStore.open({ filename, purgeOnStartup: true, log: quiet })
  t.same([...second.entries()].map(([one]) => one), [key(2)])
  t.notMatch(await readFile(filename, 'utf8'), key(1))
  await second.close()
})

t.test('outdated lines are removed by a rewrite while logins continue', async (t) => {
  const filename = await cookieFile(t)
  const store = await FileStore.open({ filename, log: quiet })
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.set(key(n), record({ authid: `round${round}` }))))
  }
  await Promise.all([store.set(key(1000), record()), store.delete(key(5))])
  await store.close()
  t.ok((await readFile(filename, 'utf8')).split('\n').length < 1500, 'of 3002 lines')
  const again = await FileStore.open({ filename, log: quiet })
  t.equal([...again.entries()].length, 100)
  t.equal(again.get(key(5)), undefined)
  t.match(again.get(key(7)), { authid: 'round29' })
  await again.close()
})

t.test('a file that cannot be used is a coded error that names it and says why', async (t) => {
  const path = await folder(t)
  await mkdir(join(path, 'directory'))
  await t.rejects(FileStore.open({ filename: join(path, 'directory'), log: quiet }), { code: 'WAMP_ERR_COOKIE_FILE', message: /directory" is not a file/ })
  await t.rejects(FileStore.open({ filename: join(path, 'none', 'cookies.dat'), log: quiet }), { code: 'WAMP_ERR_COOKIE_FILE', message: /cannot be created: the folder ".*none" does not exist/ })
})

import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { Command } from './command.ts'
import { joe } from './logins.ts'
import { needsAutobahnForPython, python } from './programs.ts'
import { PythonPeer } from './python-peer.ts'

const configuration = {
  version: 2,
  workers: [{
    type: 'router',
    realms: [{ name: 'realm1', roles: [{ name: 'frontend', permissions: [] }] }],
    transports: [{
      type: 'web',
      endpoint: { type: 'tcp', port: 8080 },
      paths: {
        ws: {
          type: 'websocket',
          cookie: { store: { type: 'file', filename: 'cookies.dat' } },
          auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} }
        }
      }
    }]
  }]
}

// What Crossbar.io's packages return for a database with the cookies of a login, of an anonymous session and of a mere visitor.
const zlmdb = `
from contextlib import nullcontext

class Database:
    def __init__(self, path, readonly):
        assert path == 'cookies' and readonly

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def begin(self):
        return nullcontext(self)
`
const cookiestore = `
import time
from types import SimpleNamespace

def cookie(value, authid, authrole, authmethod, authrealm, authextra):
    return SimpleNamespace(name='cbtid', value=value, created=time.time_ns(), max_age=604800, authid=authid, authrole=authrole,
                           authmethod=authmethod, authrealm=authrealm, authextra=authextra)

class CookieStoreSchema:
    @staticmethod
    def attach(db):
        return SimpleNamespace(cookies=SimpleNamespace(select=lambda txn, return_keys: iter([
            cookie('0XBz2Mf2LAzblL7EBv0zbCsi', 'joe', 'frontend', 'wampcra', 'realm1', {'x_cb_node': 'node1', 'x_cb_pid': 7}),
            cookie('4/aTPHbg9qCsacWrpI55+6VK', '9HVV-Q6Y6', 'anonymous', 'anonymous', 'realm1', {'x_cb_node': 'node1'}),
            cookie('nHH5MoZIJGRSoENwWeUrLI71', None, None, None, None, {})
        ])))
`

t.test('logins that the documented program exports from a database of Crossbar.io are valid', needsAutobahnForPython(), async (t) => {
  const guide = await readFile(new URL('../../docs/crossbar.md', import.meta.url), 'utf8')
  const program = /^```python\n(.+?)^```$/ms.exec(guide)![1]!
  const directory = t.testdir({
    '.crossbar': { 'config.json': JSON.stringify(configuration) }, 'export_cookies.py': program, 'zlmdb.py': zlmdb, cfxdb: { 'cookiestore.py': cookiestore }
  })
  const run = (): { status: number | null, stderr: string } =>
    spawnSync(python, ['export_cookies.py', 'cookies', '.crossbar/cookies.dat'], { cwd: directory, encoding: 'utf8' })
  t.match(run(), { status: 0, stderr: '' })
  t.match(run(), { status: 1, stderr: /FileExistsError/ }, 'an existing file is not overwritten')
  const url = `${(await new Command(t, directory).start()).replace('http', 'ws')}/ws`
  const lines = (await readFile(join(directory, '.crossbar/cookies.dat'), 'utf8')).trim().split('\n')
  t.equal(lines.length, 2, 'the cookie and the login of joe')

  const again = await PythonPeer.join(t, url, { ...joe, headers: { Cookie: 'cbtid=0XBz2Mf2LAzblL7EBv0zbCsi' } })
  t.match(await again.welcome, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' })
  t.same(again.challenges, [])
  for (const value of ['4/aTPHbg9qCsacWrpI55+6VK', 'nHH5MoZIJGRSoENwWeUrLI71']) {
    const other = await PythonPeer.join(t, url, { ...joe, headers: { Cookie: `cbtid=${value}` } })
    t.same(other.challenges, ['wampcra'])
  }
})

import { once } from 'node:events'
import fs, { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { connect, createServer } from 'node:net'
import type { Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { isFree } from '../../routes/unix-socket.ts'

/** The path of a socket that a process has left behind. */
async function leftBehind (t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-socket-'))
  t.teardown(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'wamp.sock')
  const killed = await listen(t, path)
  // Node.js removes the file of a server that it closes.
  await rename(path, `${path}.kept`)
  killed.close()
  await once(killed, 'close')
  await rename(`${path}.kept`, path)
  return path
}

async function listen (t: Test, path: string): Promise<Server> {
  const server = createServer((socket) => { socket.destroy() }).listen(path)
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return server
}

/** Does something before the next file is moved. */
function beforeMove (t: Test, act: () => Promise<unknown>): void {
  const { rename } = fs
  const restore = (): void => {
    fs.rename = rename
    syncBuiltinESMExports()
  }
  t.teardown(restore)
  fs.rename = async (from, to) => {
    restore()
    await act()
    await rename(from, to)
  }
  syncBuiltinESMExports()
}

t.test('the socket of a process that has ended is removed', async (t) => {
  const path = await leftBehind(t)
  t.equal(await isFree(path), true)
  t.same(await readdir(join(path, '..')), [])
  t.equal(await isFree(path), true, 'another process may have removed it')
})

t.test('the socket of another process that has replaced the same socket in the meantime stays', async (t) => {
  const path = await leftBehind(t)
  beforeMove(t, async () => {
    t.equal(await isFree(path), true)
    await listen(t, path)
  })
  t.equal(await isFree(path), false)
  t.same(await readdir(join(path, '..')), ['wamp.sock'])
  await once(connect(path), 'connect')
})

t.test('another process may listen on the path as soon as one has removed the socket', async (t) => {
  const path = await leftBehind(t)
  beforeMove(t, async () => { t.equal(await isFree(path), true) })
  t.equal(await isFree(path), true)
})

t.test('a socket in use and a file of another kind stay', async (t) => {
  const path = await leftBehind(t)
  t.equal(await isFree(join(path, '..')), false)
  t.equal(await isFree(path), true)
  await listen(t, path)
  t.equal(await isFree(path), false)
  t.equal(await isFree('\0abstract'), false)
  await once(connect(path), 'connect')
})

import { randomBytes } from 'node:crypto'
import { lstat, rename, unlink } from 'node:fs/promises'
import { createConnection } from 'node:net'

/**
 * True if a process can listen on the path of a Unix socket after it has failed to do so: the socket was left behind by a process that has ended, and
 * has been removed.
 */
export async function isFree (path: string): Promise<boolean> {
  // An abstract socket has no file.
  if (path.startsWith('\0')) return false
  try {
    const found = await lstat(path, { bigint: true })
    return found.isSocket() && await isLeft(path) && await remove(path, found)
  } catch (error) {
    // Another process has removed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}

/** True if no process listens on a socket. */
async function isLeft (path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => { resolve(code === 'ECONNREFUSED') })
  })
}

/**
 * Removes a file. Another process may replace it at any time by the socket on which it listens, so the file is moved away first. Returns false if
 * it is another one than before, which is then put back.
 */
async function remove (path: string, { ino, mtimeNs }: { readonly ino: bigint, readonly mtimeNs: bigint }): Promise<boolean> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  await rename(path, aside)
  const moved = await lstat(aside, { bigint: true })
  const isSame = moved.ino === ino && moved.mtimeNs === mtimeNs
  await (isSame ? unlink(aside) : rename(aside, path))
  return isSame
}

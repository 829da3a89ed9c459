import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Identity } from '../helper/certificates.ts'
import { freePort } from '../helper/free-port.ts'
import { nginx } from './programs.ts'

// Distributions compile in folders that only root may write to.
const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Runs nginx with a configuration that listens on port 443 and passes on to port 8080, by other ports. Resolves to its own. */
export async function startNginx (t: Test, configuration: string, { app, identity: { cert, key } }: { app: number, identity: Identity }): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-nginx-'))
  const port = await freePort()
  const text = configuration
    .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`).replace('127.0.0.1:8080', `127.0.0.1:${app}`)
    .replace('http {', `http { access_log off; ${folders.map((name) => `${name}_temp_path ${name};`).join(' ')}`)
  await Promise.all([mkdir(join(directory, 'logs')), ...Object.entries({ 'nginx.conf': text, 'fullchain.pem': cert, 'privkey.pem': key }).map(([name, data]) => writeFile(join(directory, name), data))])

  const child = spawn(nginx, ['-p', directory, '-c', 'nginx.conf', '-g', 'daemon off; master_process off; pid nginx.pid; error_log stderr warn;'], { stdio: ['ignore', 'inherit', 'inherit'] })
  t.teardown(async () => {
    if (child.exitCode === null && child.kill()) await once(child, 'exit')
    await rm(directory, { recursive: true })
  })
  while (!await listens(port)) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  return port
}

/** True if a program listens on a port of this machine. */
export async function listens (port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Packages of exact versions, in a folder of their own outside the project. */
export interface Packages {
  readonly versions: Readonly<Record<string, string>>
  /** Those whose scripts must run, since they build something. */
  readonly build: readonly string[]
}

/** Installs packages, unless an earlier run did. Resolves to what imports them. */
export async function install ({ versions, build }: Packages): Promise<(name: string) => Promise<unknown>> {
  const names = Object.entries(versions).map(([name, version]) => `${name}@${version}`)
  const folder = join(tmpdir(), `fastify-wamp-packages-${names.join('+').replaceAll('/', '-')}`.slice(0, 200))
  if (!existsSync(folder)) {
    const fresh = `${folder}.${process.pid}`
    await mkdir(fresh)
    await writeFile(join(fresh, 'package.json'), '{ "private": true }')
    await writeFile(join(fresh, 'load.mjs'), 'export const load = (name) => import(name)')
    // Adapters of Keyv 5 do not expect Keyv 6, which takes them nevertheless.
    await npm(fresh, 'install', '--ignore-scripts', '--legacy-peer-deps', '--save-exact', '--no-audit', '--no-fund', ...names)
    if (build.length > 0) await npm(fresh, 'rebuild', ...build)
    await rename(fresh, folder).catch(async () => { await rm(fresh, { recursive: true }) })
  }
  const { load } = await import(pathToFileURL(join(folder, 'load.mjs')).href) as { load: (name: string) => Promise<unknown> }
  return load
}

async function npm (cwd: string, ...args: string[]): Promise<void> {
  const running = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed: string[] = []
  for (const output of [running.stdout, running.stderr]) output.on('data', (octets: Buffer) => { printed.push(octets.toString()) })
  const [code] = await once(running, 'close') as [number]
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${printed.join('')}`)
}

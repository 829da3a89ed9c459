import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { missing } from '../interop/programs.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
/** What tap and git leave alone. */
const cache = join(root, '.tap')

/** Packages with their versions. */
export type Packages = Readonly<Record<string, string>>

/** A folder in which packages are installed, next to this project and its own copy of Fastify. */
export interface Installed {
  readonly folder: string
  /** What a package exports to CommonJS. */
  load<T> (name: string): T
}

/** Installs packages in a folder of their own, once for each list. Without a registry, the tests are skipped, and fail with CI=true. */
export async function install (packages: Packages): Promise<{ skip: string } | (Installed & { skip: false })> {
  const folder = join(cache, `neighbours-${createHash('sha256').update(JSON.stringify([root, packages])).digest('hex').slice(0, 16)}`)
  if (!existsSync(folder)) {
    try {
      await installInto(folder, packages)
    } catch (error) {
      const [reason] = /^npm error .*$/m.exec(String(error)) ?? [String(error)]
      return missing(`the packages of the neighbours cannot be installed: ${reason}`)
    }
  }
  const require = createRequire(join(folder, 'package.json'))
  return { skip: false, folder, load: <T>(name: string) => require(name) as T }
}

async function installInto (folder: string, packages: Packages): Promise<void> {
  await mkdir(cache, { recursive: true })
  const made = await mkdtemp(`${folder}-`)
  try {
    await writeFile(join(made, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: packages }))
    await run('npm', ['install', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=1', '--fetch-retry-mintimeout=1000'], { cwd: made })
    // Some bring a Fastify: they are to use that of the app.
    await rm(join(made, 'node_modules/fastify'), { recursive: true, force: true })
    await symlink(join(root, 'node_modules/fastify'), join(made, 'node_modules/fastify'))
    await symlink(root, join(made, 'node_modules/fastify-wamp'))
    await rename(made, folder)
  } catch (error) {
    await rm(made, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { missing } from '../programs.ts'

/** A program in another language, and how it is made from its source. */
export interface Build {
  /** The folder of its source, beside this file. */
  readonly folder: string
  /** A program that must be there, what it must succeed at, and what to install otherwise. */
  readonly needs: { readonly program: string, readonly args: readonly string[], readonly install: string }
  /** The commands that make it. They run in a copy of the source's folder. */
  readonly commands: readonly (readonly string[])[]
  /** What starts it, in that folder. */
  readonly start: readonly string[]
}

const sources = fileURLToPath(new URL('.', import.meta.url))
// The name has the user in it: a folder of somebody else cannot be written to.
const cache = join(tmpdir(), `fastify-wamp-clients-${userInfo().uid}`)

/** The options of a test that cannot run without what makes a program. */
export function needsBuild ({ needs: { program, args, install } }: Build): { skip: string | false } {
  const { status } = spawnSync(program, args, { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing(`${[program, ...args].join(' ')} fails: ${install}`)
}

/** Makes a program, unless the same source was made before, or there is nothing to make. Returns the folder to start it in. */
export function make ({ folder, commands }: Build): string {
  const source = join(sources, folder)
  if (commands.length === 0) return source
  const hash = createHash('sha256').update(JSON.stringify(commands))
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
    if (/\.\w+$/.test(name)) hash.update(name).update(readFileSync(join(source, name)))
  }
  const made = join(cache, `${folder}-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(made)) return made
  const making = `${made}.${process.pid}`
  mkdirSync(cache, { recursive: true, mode: 0o700 })
  spawnSync('cp', ['-r', source, making])
  for (const command of commands) {
    // Other tests run at the same time, and have deadlines.
    const { status, stdout, stderr } = spawnSync('nice', command, { cwd: making, encoding: 'utf8' })
    if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stdout}${stderr}`)
  }
  try {
    renameSync(making, made)
  } catch (error) {
    // Another process was faster.
    if (!existsSync(made)) throw error
    rmSync(making, { recursive: true })
  }
  return made
}

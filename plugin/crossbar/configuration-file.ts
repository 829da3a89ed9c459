import { readFile, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { parseDocument } from 'yaml'
import { errors } from '../errors.ts'
import { CONFIGURATION_FILES } from './node-configuration.ts'

const places = [...CONFIGURATION_FILES, ...CONFIGURATION_FILES.map((name) => join('.crossbar', name))]

/** The configuration file for a path: the file itself, or the one that Crossbar.io would use in that directory. Throws WAMP_ERR_CROSSBAR_FILE if there is none. */
export async function findConfigurationFile (path: string): Promise<string> {
  const kind = await kindOf(path)
  if (kind === 'file') return path
  if (kind === 'missing') throw new errors.WAMP_ERR_CROSSBAR_FILE(path, 'does not exist')
  for (const place of places) {
    if (await kindOf(join(path, place)) === 'file') return join(path, place)
  }
  throw new errors.WAMP_ERR_CROSSBAR_FILE(path, `is a directory without ${places.join(', ')}`)
}

/**
 * Reads and parses a configuration file, as YAML or JSON depending on its name. Throws WAMP_ERR_CROSSBAR_FILE, which never quotes the
 * file, because it contains secrets.
 */
export async function readConfigurationFile (filename: string): Promise<unknown> {
  const text = await read(filename)
  return /^\.ya?ml$/i.test(extname(filename)) ? parseYaml(filename, text) : parseJson(filename, text)
}

async function kindOf (path: string): Promise<'file' | 'directory' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch {
    return 'missing'
  }
}

async function read (filename: string): Promise<string> {
  try {
    return await readFile(filename, 'utf8')
  } catch {
    throw new errors.WAMP_ERR_CROSSBAR_FILE(filename, 'cannot be read')
  }
}

function parseJson (filename: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const [, position] = /at position (\d+)/.exec(String(error)) ?? []
    throw new errors.WAMP_ERR_CROSSBAR_FILE(filename, `is not valid JSON${position === undefined ? '' : seeLine(text.slice(0, Number(position)).split('\n').length)}`)
  }
}

/** Like Crossbar.io, uses YAML 1.1, in which `yes` and `on` are true. */
function parseYaml (filename: string, text: string): unknown {
  const document = parseDocument(text, { version: '1.1' })
  const [error] = document.errors
  const line = error?.linePos?.[0].line
  if (error !== undefined) throw new errors.WAMP_ERR_CROSSBAR_FILE(filename, `is not valid YAML${line === undefined ? '' : seeLine(line)}`)
  try {
    return document.toJS()
  } catch {
    throw new errors.WAMP_ERR_CROSSBAR_FILE(filename, 'is not valid YAML: an alias is wrong')
  }
}

function seeLine (line: number): string {
  return `, see line ${line}`
}

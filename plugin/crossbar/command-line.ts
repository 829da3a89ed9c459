import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { errors } from '../errors.ts'

const usage = 'fastify-wamp [check] CONFIG [--host HOST] [--port PORT]'
const help = `Usage: ${usage}

Serves the routers of a Crossbar.io node configuration. With "check", prints what would be served, and what is not supported. The exit code
is then 0 if the configuration can be served, and 2 if it cannot.

  CONFIG         a .json or .yaml file, or a directory with config.json or config.yaml, or with a .crossbar folder that has one
  --host HOST    the address to listen on, instead of that in the configuration
  --port PORT    the port to listen on; 0 for any free port. Neither option can be used if the configuration has several ports
  --help         print this
  --version      print the version
`

/** The options of the command line. */
export interface CommandLine {
  /** What to do with the configuration. */
  readonly action: 'serve' | 'check'
  /** The path of the configuration: a file, or a directory that contains it. */
  readonly path: string
  /** Overrides the host of the configuration. */
  readonly host: string | undefined
  /** Overrides the port of the configuration. */
  readonly port: number | undefined
}

/** Reads the command line. A returned text must be printed, and the command then ends. Throws WAMP_ERR_COMMAND_LINE and the errors of parseArgs. */
export function readCommandLine (args: readonly string[]): CommandLine | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { host: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' }, version: { type: 'boolean' } }
  })
  if (values.help === true) return help
  if (values.version === true) return `${version()}\n`
  // A file or folder of this name can be given as ./check.
  const action = positionals[0] === 'check' ? 'check' : 'serve'
  const [path, ...more] = action === 'check' ? positionals.slice(1) : positionals
  if (path === undefined || more.length > 0) throw new errors.WAMP_ERR_COMMAND_LINE(`Usage: ${usage}`)
  return { action, path, host: values.host, port: values.port === undefined ? undefined : readPort(values.port) }
}

function readPort (text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new errors.WAMP_ERR_COMMAND_LINE('--port must be a whole number from 0 to 65535')
}

function version (): string {
  return (createRequire(import.meta.url)('fastify-wamp/package.json') as { version: string }).version
}

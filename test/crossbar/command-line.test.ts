import { readFile } from 'node:fs/promises'
import t from 'tap'
import { readCommandLine } from '../../plugin/crossbar/command-line.ts'

t.test('a command line names a configuration, and optionally an address', async (t) => {
  t.strictSame(readCommandLine(['config.json']), { action: 'serve', path: 'config.json', host: undefined, port: undefined })
  t.strictSame(readCommandLine(['--host', '::1', 'dir', '--port=0']), { action: 'serve', path: 'dir', host: '::1', port: 0 })
  t.match(readCommandLine(['a', '--port', '65535']), { port: 65_535 })
  t.match(readCommandLine(['check', 'a']), { action: 'check', path: 'a' })
  t.match(readCommandLine(['./check']), { action: 'serve', path: './check' })
})

t.test('any other command line is refused', async (t) => {
  for (const args of [[], ['a', 'b'], ['check'], ['check', 'a', 'b']]) t.throws(() => readCommandLine(args), { code: 'WAMP_ERR_COMMAND_LINE', message: 'Usage: fastify-wamp [check] CONFIG' })
  for (const port of ['65536', '-1', '1.5', '', 'x', '0x50', '080808']) {
    t.throws(() => readCommandLine(['a', `--port=${port}`]), { code: 'WAMP_ERR_COMMAND_LINE', message: '--port must be a whole number from 0 to 65535' })
  }
  t.throws(() => readCommandLine(['a', '--unknown']), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' })
  t.throws(() => readCommandLine(['a', '--host']), { code: 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' })
})

t.test('the command prints its usage and its version', async (t) => {
  t.match(readCommandLine(['--help']), /^Usage: fastify-wamp \[check\] CONFIG \[--host HOST\] \[--port PORT\]\n/)
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  t.equal(readCommandLine(['--version']), `${version}\n`)
})

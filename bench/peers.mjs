// Other routers, set up in a temporary folder with their defaults: anonymous clients, one realm, JSON over WebSocket, no log.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const quiet = { stdio: 'ignore' }
const allow = { call: true, register: true, publish: true, subscribe: true }

/** Each router by name: `setUp` makes it ready in a folder, and returns its version and the command that starts it on a port. */
const routers = {
  'fox-wamp': (folder, port) => {
    execFileSync('npm', ['install', '--prefix', folder, 'fox-wamp'], quiet)
    const main = join(folder, 'router.cjs')
    writeFileSync(main, `
      const server = require('node:http').createServer()
      const FoxRouter = require('fox-wamp')
      new (FoxRouter.default ?? FoxRouter)().listenWAMP({ server, path: '/ws' })
      server.listen(${port}, '127.0.0.1')`)
    return { version: JSON.parse(readFileSync(join(folder, 'node_modules/fox-wamp/package.json'), 'utf8')).version, command: `${process.execPath} ${main}` }
  },
  'Crossbar.io': (folder, port) => {
    const bin = join(folder, 'bin')
    execFileSync('python3', ['-m', 'venv', folder], quiet)
    execFileSync(join(bin, 'pip'), ['install', '--quiet', 'crossbar'], quiet)
    const version = execFileSync(join(bin, 'pip'), ['show', 'crossbar'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).match(/^Version: (.*)$/m)[1]
    const directory = join(folder, '.crossbar')
    mkdirSync(directory)
    writeFileSync(join(directory, 'config.json'), JSON.stringify({
      version: 2,
      workers: [{
        type: 'router',
        realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [{ uri: '', match: 'prefix', allow, cache: true }] }] }],
        transports: [{ type: 'websocket', serializers: ['json'], endpoint: { type: 'tcp', port, interface: '127.0.0.1' }, auth: { anonymous: { type: 'static', role: 'anonymous' } } }]
      }]
    }))
    return { version, command: `${join(bin, 'crossbar')} start --cbdir ${directory} --loglevel error` }
  },
  nexus: (folder, port) => {
    // Where the Go proxy has no nexus, NEXUSD names a program that was built by hand.
    const program = process.env.NEXUSD ?? join(folder, 'nexusd')
    if (process.env.NEXUSD === undefined) execFileSync('go', ['install', 'github.com/gammazero/nexus/v3/nexusd@latest'], { ...quiet, env: { ...process.env, GOBIN: folder } })
    const config = join(folder, 'nexus.json')
    writeFileSync(config, JSON.stringify({
      websocket: { address: `127.0.0.1:${port}`, allow_origins: ['*'] }, router: { realms: [{ uri: 'realm1', anonymous_auth: true }] }
    }))
    return { version: execFileSync(program, ['-version'], { encoding: 'utf8' }).trim().replace(/^\D*/, '') || 'built by hand', command: `${program} -c ${config}` }
  }
}

/** Sets up what can be set up here. What cannot is said, and left out. */
export function setUpPeers (folder, port) {
  const ready = []
  for (const [name, setUp] of Object.entries(routers)) {
    const own = join(folder, name)
    mkdirSync(own)
    try {
      ready.push({ name, ...setUp(own, port) })
    } catch (error) {
      process.stderr.write(`${name} is left out: ${error.message.split('\n')[0]}\n`)
    }
  }
  return ready
}

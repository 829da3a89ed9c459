import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { snippetsOf } from '../docs/snippets.ts'
import type { Identity } from '../helper/certificates.ts'
import { freePort } from '../helper/free-port.ts'
import { listens } from '../interop/nginx.ts'

/** Ports of the proxy and of the app behind it, and the folder that the proxy runs in. */
interface Place { readonly port: number, readonly app: number, readonly folder: string }

/** A proxy whose configuration a page has. */
export interface Proxy {
  readonly name: string
  /** The version that the page is about, as the program tells it. */
  readonly version: RegExp
  readonly program: string
  readonly packages: string
  readonly page: string
  readonly file: string
  readonly tls: boolean
  /** What upgrades are answered with while the app is away; null for a connection that is closed. */
  readonly away: number | null
  /** How a configuration says after how many seconds an idle WebSocket ends; null where it never does. */
  readonly idle: ((text: string, seconds: number) => string) | null
  /** The configuration for a test: other ports and folders, and what a distribution has elsewhere. */
  place (text: string, place: Place): string
  versionArgs: readonly string[]
  args (folder: string, place: Place, idle: number | null): readonly string[]
}

const modules = ['mpm_event', 'authz_core', 'ssl', 'socache_shmcb', 'headers', 'proxy', 'proxy_http']
const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** Replaces something that is there. */
function replace (text: string, what: string, by: string): string {
  if (!text.includes(what)) throw new Error(`the configuration has no "${what}"`)
  return text.replace(what, by)
}

export const proxies: readonly Proxy[] = [
  {
    name: 'nginx',
    version: /1\.22\.1/,
    program: '/usr/sbin/nginx',
    packages: 'nginx-light',
    page: 'docs/operate.md',
    file: 'nginx.conf',
    tls: true,
    away: 502,
    idle: (text, seconds) => replace(text, 'proxy_http_version 1.1;', `proxy_http_version 1.1; proxy_read_timeout ${seconds}s;`),
    place: (text, { port, app }) => replace(replace(replace(text, 'listen 443 ssl', `listen 127.0.0.1:${port} ssl`), '127.0.0.1:8080', `127.0.0.1:${app}`),
      'http {', `http { access_log off; ${folders.map((name) => `${name}_temp_path ${name};`).join(' ')}`),
    versionArgs: ['-v'],
    args: (folder) => ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off; master_process off; pid nginx.pid; error_log stderr warn;']
  },
  {
    name: 'HAProxy',
    version: /2\.6\.12/,
    program: '/usr/sbin/haproxy',
    packages: 'haproxy',
    page: 'docs/proxies.md',
    file: 'haproxy.cfg',
    tls: true,
    away: 503,
    idle: (text, seconds) => replace(text, 'timeout tunnel 1h', `timeout tunnel ${seconds}s`),
    place: (text, { port, app }) => replace(replace(text, 'bind :443', `bind 127.0.0.1:${port}`), '127.0.0.1:8080', `127.0.0.1:${app}`),
    versionArgs: ['-v'],
    args: () => ['-db', '-f', 'haproxy.cfg']
  },
  {
    name: 'Apache',
    version: /2\.4\.71/,
    program: '/usr/sbin/apache2',
    packages: 'apache2-bin',
    page: 'docs/proxies.md',
    file: 'apache.conf',
    tls: true,
    away: 503,
    idle: (text, seconds) => replace(text, 'Timeout 3600', `Timeout ${seconds}`),
    place: (text, { port, app, folder }) => [
      `ServerRoot ${folder}`, 'PidFile apache.pid', 'ServerName localhost', 'ErrorLog apache.err', 'User www-data', 'DefaultRuntimeDir .', 'Mutex pthread',
      ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      replace(replace(replace(text, 'Listen 443', `Listen 127.0.0.1:${port}`), '*:443', `127.0.0.1:${port}`), '127.0.0.1:8080', `127.0.0.1:${app}`)
    ].join('\n'),
    versionArgs: ['-v'],
    args: (folder) => ['-DFOREGROUND', '-f', join(folder, 'apache.conf')]
  },
  {
    name: 'Caddy',
    version: /2\.6\.2/,
    program: '/usr/bin/caddy',
    packages: 'caddy',
    page: 'docs/proxies.md',
    file: 'Caddyfile',
    tls: true,
    away: 502,
    idle: null,
    place: (text, { port, app }) => `{\nadmin off\nauto_https off\n}\n${replace(replace(text, 'https://example.com', `https://127.0.0.1:${port}`), '127.0.0.1:8080', `127.0.0.1:${app}`)}`,
    versionArgs: ['version'],
    args: () => ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile']
  },
  {
    name: 'lighttpd',
    version: /1\.4\.69/,
    program: '/usr/sbin/lighttpd',
    packages: 'lighttpd',
    page: 'docs/proxies.md',
    file: 'lighttpd.conf',
    tls: false,
    away: 503,
    idle: (text, seconds) => replace(text, 'server.max-read-idle = 3600', `server.max-read-idle = ${seconds}`),
    place: (text, { port, app, folder }) => `server.bind = "127.0.0.1"\n${replace(replace(replace(text, 'server.port = 80', `server.port = ${port}`), '"port" => 8080', `"port" => ${app}`), '/var/empty', folder)}`,
    versionArgs: ['-v'],
    args: () => ['-D', '-f', 'lighttpd.conf']
  },
  {
    name: 'Varnish',
    version: /7\.1\.1/,
    program: '/usr/sbin/varnishd',
    packages: 'varnish gcc libc6-dev',
    page: 'docs/proxies.md',
    file: 'default.vcl',
    tls: false,
    away: null,
    idle: (text) => text,
    place: (text, { app }) => replace(text, '"8080"', `"${app}"`),
    versionArgs: ['-V'],
    args: (folder, { port }, idle) => ['-F', '-n', join(folder, 'work'), '-a', `127.0.0.1:${port}`, '-f', join(folder, 'default.vcl'), '-s', 'default,8m', '-p', `pipe_timeout=${idle ?? 3600}`]
  },
  {
    name: 'Squid',
    version: /5\.7/,
    program: '/usr/sbin/squid',
    packages: 'squid',
    page: 'docs/proxies.md',
    file: 'squid.conf',
    tls: false,
    away: 503,
    idle: (text, seconds) => replace(text, 'read_timeout 1 hour', `read_timeout ${seconds} seconds`),
    place: (text, { port, app, folder }) => [
      replace(replace(text, 'http_port 80', `http_port 127.0.0.1:${port}`), 'parent 8080', `parent ${app}`),
      'pid_filename none', `cache_log ${folder}/squid.log`, 'access_log none', 'cache_mem 8 MB', `coredump_dir ${folder}`, 'shutdown_lifetime 1 second', 'pinger_enable off', 'cache_effective_user proxy'
    ].join('\n'),
    versionArgs: ['-v'],
    args: (folder) => ['-N', '-f', join(folder, 'squid.conf')]
  }
]

/** The options of a test that cannot run without a proxy. */
export function needs ({ program, packages, name }: Proxy): { skip: string | false } {
  const { error } = spawnSync(program, ['-v'], { stdio: 'ignore', timeout: 5000 })
  if (error === undefined) return { skip: false }
  const what = `there is no ${name}: apt-get install ${packages}`
  if (process.env.CI === 'true') throw new Error(what)
  return { skip: what }
}

/** Runs a proxy before an app. Resolves to its port. With `idle` it ends WebSockets that are quiet for so many seconds. */
export async function startProxy (t: Test, proxy: Proxy, app: number, { cert, key }: Identity, idle: number | null = null): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-proxy-'))
  const place = { port: await freePort(), app, folder }
  const found = snippetsOf(proxy.page).find(({ name }) => name === proxy.file)!.text
  const text = proxy.place(idle === null || proxy.idle === null ? found : proxy.idle(found, idle), place)
  const files = { [proxy.file]: text, 'fullchain.pem': cert, 'privkey.pem': key, 'both.pem': `${cert}\n${key}` }
  await Promise.all([chmod(folder, 0o777), mkdir(join(folder, 'logs')), ...Object.entries(files).map(([name, data]) => writeFile(join(folder, name), data))])
  const child = spawn(proxy.program, proxy.args(folder, place, idle), { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => { printed += data.toString() })
  t.teardown(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit')
    await rm(folder, { recursive: true, force: true })
  })
  while (!await listens(place.port)) {
    if (child.exitCode !== null) throw new Error(`${proxy.name} ended with ${child.exitCode}: ${printed}`)
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  return place.port
}

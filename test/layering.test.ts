import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'

/** Which layers a layer may import values of. Types may come from anywhere. */
const below: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  'abort-callbacks': [],
  errors: ['protocol'],
  'did-you-mean': ['errors'],
  deadlines: ['longest-timer', 'work'],
  diagnostics: [],
  'longest-timer': [],
  'network-of': [],
  'option-defaults': [],
  networks: ['network-of'],
  'token-bucket': [],
  queue: [],
  shares: [],
  'memory-of': ['protocol', 'work'],
  'held-values': ['shares', 'work'],
  backlog: ['queue'],
  'short-details': ['protocol', 'memory-of'],
  'log-limit': ['short-details'],
  recent: [],
  thenable: [],
  waiters: ['queue'],
  work: ['queue', 'waiters'],
  peer: ['protocol'],
  client: ['protocol', 'peer', 'abort-callbacks', 'longest-timer'],
  contract: ['protocol', 'errors', 'did-you-mean', 'work'],
  options: ['option-defaults', 'errors', 'networks', 'longest-timer', 'did-you-mean', 'protocol', 'contract', 'auth', 'authorization', 'cookie'],
  codec: ['protocol', 'errors', 'work'],
  auth: ['protocol', 'errors', 'option-defaults', 'did-you-mean', 'network-of', 'queue', 'recent'],
  routing: ['protocol', 'errors', 'deadlines', 'queue', 'recent', 'shares', 'work'],
  authorization: ['option-defaults', 'protocol', 'memory-of', 'recent', 'thenable', 'routing'],
  meta: ['protocol', 'errors', 'memory-of', 'queue', 'work', 'authorization', 'routing'],
  realm: ['protocol', 'errors', 'diagnostics', 'deadlines', 'work', 'authorization', 'meta', 'routing'],
  cluster: ['protocol', 'errors', 'codec', 'routing', 'thenable', 'work'],
  session: ['protocol', 'errors', 'diagnostics', 'queue', 'thenable', 'work', 'auth'],
  transport: ['protocol', 'errors', 'codec', 'longest-timer', 'network-of', 'token-bucket', 'queue', 'backlog', 'memory-of', 'recent', 'work'],
  cookie: ['option-defaults', 'protocol', 'errors', 'did-you-mean', 'diagnostics', 'deadlines', 'longest-timer', 'recent', 'thenable', 'work'],
  'in-process': ['protocol', 'abort-callbacks', 'errors', 'did-you-mean', 'thenable', 'backlog', 'peer', 'queue', 'memory-of', 'shares', 'work'],
  router: ['option-defaults', 'log-limit', 'protocol', 'errors', 'did-you-mean', 'deadlines', 'auth', 'realm', 'session', 'transport', 'cookie', 'in-process', 'held-values'],
  endpoint: ['protocol', 'errors', 'options', 'auth', 'codec', 'cookie'],
  gateway: ['transport'],
  longpoll: ['options', 'host-app', 'routes'],
  port: ['errors', 'host-app', 'options', 'routes'],
  rawsocket: ['options', 'auth', 'codec', 'host-app', 'routes'],
  'custom-transport': ['errors', 'options', 'auth', 'codec', 'transport'],
  'host-app': ['option-defaults', 'custom-transport', 'did-you-mean', 'errors', 'codec', 'options', 'endpoint', 'routes'],
  telemetry: ['protocol', 'errors', 'did-you-mean', 'diagnostics'],
  crossbar: ['option-defaults', 'errors', 'networks', 'did-you-mean', 'options', 'protocol', 'index'],
  routes: ['option-defaults', 'protocol', 'errors', 'gateway', 'networks', 'did-you-mean', 'longest-timer', 'auth', 'codec', 'cookie', 'transport', 'in-process', 'peer', 'memory-of', 'shares', 'work'],
  testing: ['errors'],
  index: ['option-defaults', 'protocol', 'peer', 'contract', 'errors', 'did-you-mean', 'diagnostics', 'options', 'codec', 'auth', 'realm', 'session', 'transport', 'cookie', 'in-process', 'router', 'endpoint', 'gateway', 'host-app', 'longpoll', 'port', 'rawsocket', 'telemetry', 'crossbar', 'routes']
}

/** The layers of a realm may not even know the types of these. */
const unknown: Readonly<Record<string, readonly string[]>> = {
  routing: ['authorization', 'meta', 'realm', 'session'],
  authorization: ['meta', 'realm', 'session'],
  meta: ['realm', 'session']
}

/** The packages that only these layers know: all others run without a port. */
const knowFastify = new Set(['routes', 'transport', 'cookie', 'index', 'crossbar'])
const frameworks = /^(fastify|fastify-plugin|ws|@fastify\/(?!error$).*)$/

interface Import { readonly from: string, readonly layer: string, readonly of: string }

function layerOf (path: string): string {
  if (path.startsWith('routes/')) return 'routes'
  const [, first = '', second] = path.split('/')
  if (second !== undefined) return first
  const file = first.replace(/\.ts$/, '')
  return ['options-schema', 'auth-schema', 'typed-schema', 'option-faults', 'resolve-options', 'resolve-transports', 'served-files', 'check-realms', 'check-logins', 'check-serializers'].includes(file) ? 'options' : file
}

/** The value imports of a file: with verbatimModuleSyntax, what is not marked as a type is one. */
function valueImports (path: string, text: string): Import[] {
  return importsIn(path, text, /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s+)?'([^']+)'/gm)
}

/** All imports of a file, including those of types. */
function allImports (path: string, text: string): Import[] {
  return importsIn(path, text, /^(?:import|export)\s+(?:[^'"]*?\bfrom\s+)?'([^']+)'/gm)
}

function importsIn (path: string, text: string, pattern: RegExp): Import[] {
  const statements = text.matchAll(pattern)
  return [...statements].map(([, of = '']) => ({ from: path, layer: layerOf(path), of }))
}

async function sources (): Promise<{ path: string, text: string }[]> {
  const found = await Promise.all(['plugin', 'routes'].map(async (root) =>
    (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts')).map((name) => join(root, name))))
  return await Promise.all(found.flat().map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

t.test('values are imported downward only', async (t) => {
  const imports = (await sources()).flatMap(({ path, text }) => valueImports(path, text)).filter(({ of }) => of.startsWith('.'))
  t.ok(imports.length > 100, 'imports are found')
  for (const { from, layer, of } of imports) {
    const target = layerOf(normalize(join(dirname(from), of)))
    t.ok(target === layer || below[layer]?.includes(target), `${from} (${layer}) imports ${of} (${target})`)
  }
})

t.test('routing does not depend on authorization, the meta API or sessions, not even on their types', async (t) => {
  const imports = (await sources()).flatMap(({ path, text }) => allImports(path, text)).filter(({ layer }) => unknown[layer] !== undefined)
  t.ok(imports.length > 50, 'imports are found')
  for (const { from, layer, of } of imports) t.notOk(unknown[layer]!.includes(layerOf(normalize(join(dirname(from), of)))), `${from} imports ${of}`)
})

t.test('no files import each other in a circle, not even types', async (t) => {
  const graph = new Map((await sources()).map(({ path, text }) => [path, allImports(path, text).filter(({ of }) => of.startsWith('.')).map(({ of }) => normalize(join(dirname(path), of)))]))
  const done = new Set<string>()
  /** The circle that is reached from the last file of a path, or null. */
  const circleFrom = (path: readonly string[]): string[] | null => {
    const last = path.at(-1)!
    const start = path.indexOf(last)
    if (start < path.length - 1) return path.slice(start)
    if (done.has(last)) return null
    for (const next of graph.get(last) ?? []) {
      const circle = circleFrom([...path, next])
      if (circle !== null) return circle
    }
    done.add(last)
    return null
  }
  for (const file of graph.keys()) t.equal(circleFrom([file])?.join(' → ') ?? null, null, file)
})

t.test('routing and authorization code does not depend on a framework', async (t) => {
  const imports = (await sources()).flatMap(({ path, text }) => valueImports(path, text)).filter(({ of }) => frameworks.test(of))
  t.ok(imports.length > 3, 'imports are found')
  for (const { from, layer, of } of imports) t.ok(knowFastify.has(layer), `${from} imports ${of}`)
})

t.test('the client, and all that it imports, runs without Node.js', async (t) => {
  const texts = new Map((await sources()).map(({ path, text }) => [path, text]))
  const reached = [...texts.keys()].filter((path) => path.startsWith('plugin/client/'))
  t.ok(reached.length > 3, 'the client is found')
  for (const path of reached) {
    const text = texts.get(path)!
    t.notMatch(text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, ''), /\b(?:Buffer|process|setImmediate|NodeJS)\b/, path)
    for (const { of } of valueImports(path, text)) {
      t.ok(of.startsWith('.'), `${path} imports ${of}`)
      const target = normalize(join(dirname(path), of))
      if (!reached.includes(target)) reached.push(target)
    }
  }
})

t.test('the sources follow the style rules', async (t) => {
  for (const { path, text } of await sources()) {
    t.notMatch(path, /utils|common|helpers/)
    t.ok(text.split('\n').length <= 300, `${path} has at most 300 lines`)
    t.notMatch(text, /\bconsole\.\w+ ?\(|: any\b|\bas any\b|@ts-ignore|@ts-expect-error|\bTODO\b|\benum \w+ \{/, path)
  }
})

t.test('the files of the console page follow them, too', async (t) => {
  const assets = await readdir('routes/console')
  t.ok(assets.length > 9)
  for (const name of assets) {
    const text = await readFile(join('routes/console', name), 'utf8')
    t.ok(text.split('\n').length <= 300, `${name} has at most 300 lines`)
    t.notMatch(text, /console\.\w+ ?\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\bTODO\b/, name)
  }
})

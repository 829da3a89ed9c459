import { gzipSync } from 'node:zlib'
import { bundle, minify } from '@swc/core'
import t from 'tap'

const LIMIT = 8 * 1024

/** What a browser loads of a module of the client: with all that it imports, minified and compressed. */
async function sizeOf (module: string): Promise<number> {
  const bundles = await bundle({
    entry: { client: `${process.cwd()}/plugin/client/${module}` },
    output: { path: '/nowhere', name: 'client' },
    module: {},
    options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }
  })
  const [{ code: whole } = { code: '' }] = Object.values(bundles)
  const { code } = await minify(whole, { compress: { passes: 3, pure_getters: true, unsafe_methods: true }, mangle: { toplevel: true }, module: true, ecma: 2022 })
  return gzipSync(code, { level: 9 }).length
}

t.test('the client with JSON stays below 8 KB, minified and compressed', async (t) => {
  const size = await sizeOf('connect.ts')
  t.ok(size > 4096, 'it is all there')
  t.ok(size < LIMIT, `${size} bytes`)
})

t.test('what else may be handed in is small', async (t) => {
  for (const module of ['cbor.ts', 'msgpack.ts', 'wampcra.ts', 'wamp-scram.ts', 'cryptosign.ts', 'ticket.ts']) {
    const size = await sizeOf(module)
    t.ok(size < 2048, `${module}: ${size} bytes`)
  }
})

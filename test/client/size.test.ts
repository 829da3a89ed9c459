import { gzipSync } from 'node:zlib'
import t from 'tap'
import { bundleModule } from '../../bundle-client.ts'

const LIMIT = 8 * 1024

/** What a browser loads of a module of the client: with all that it imports, minified and compressed. */
async function sizeOf (module: string): Promise<number> {
  const { code } = await bundleModule(`plugin/client/${module}`)
  return gzipSync(code, { level: 9 }).length
}

t.test('the client with JSON stays below 8 KB, minified and compressed', async (t) => {
  const size = await sizeOf('connect.ts')
  t.ok(size > 4096, 'it is all there')
  t.ok(size < LIMIT, `${size} bytes`)
})

t.test('each optional part of the client is small', async (t) => {
  for (const module of ['cbor.ts', 'msgpack.ts', 'wampcra.ts', 'wamp-scram.ts', 'cryptosign.ts', 'ticket.ts']) {
    const size = await sizeOf(module)
    t.ok(size < 2304, `${module}: ${size} bytes`)
  }
})

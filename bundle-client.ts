import { mkdir, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, minify } from '@swc/core'
import type { BundleOptions } from '@swc/core/spack.js'

const root = fileURLToPath(new URL('./', import.meta.url))
/** The modules that browsers load, and what each is made of. */
const entries = { client: 'index', cbor: 'cbor', msgpack: 'msgpack' } as const

/** A module with all that it imports, minified, and its source map. */
export async function bundleModule (path: string): Promise<{ readonly code: string, readonly map: string }> {
  // The declarations of both functions know less of source maps than they do.
  const options = { sourceMaps: true, jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } } as const
  const given: BundleOptions & { sourceMaps: boolean } = { entry: { module: `${root}${path}` }, output: { path: '/nowhere', name: 'module' }, module: {}, sourceMaps: true, options }
  const { module: whole } = await bundle(given)
  const { code, map } = await minify(whole!.code, {
    compress: { passes: 3, pure_getters: true, pure_funcs: ['Object.freeze'], unsafe_methods: true, sequences: false }, mangle: { toplevel: true }, module: true, ecma: 2022, sourceMap: { content: whole!.map! } as unknown as boolean
  })
  return { code, map: withoutFolder(map!) }
}

/** The names of sources as from the root of the package, and not of this machine. */
function withoutFolder (map: string): string {
  const { sources, ...rest } = JSON.parse(map) as { sources: string[] }
  return JSON.stringify({ ...rest, sources: sources.map((source) => `fastify-wamp:///${source.replace(root, '')}`) })
}

let made: Promise<ReadonlyMap<string, string>> | undefined

/** The client as browsers load it: files by name. They are made once in a process. */
export async function clientFiles (): Promise<ReadonlyMap<string, string>> {
  made ??= makeFiles()
  return await made
}

async function makeFiles (): Promise<ReadonlyMap<string, string>> {
  const files = await Promise.all(Object.entries(entries).map(async ([name, entry]) => {
    const { code, map } = await bundleModule(`plugin/client/${entry}.ts`)
    return [[`${name}.js`, code], [`${name}.js.map`, map]] as const
  }))
  return new Map(files.flat())
}

if (process.argv[1] !== undefined && basename(process.argv[1]) === basename(fileURLToPath(import.meta.url))) {
  const folder = new URL('dist/routes/client/', import.meta.url)
  await mkdir(folder, { recursive: true })
  for (const [name, text] of await clientFiles()) await writeFile(new URL(name, folder), text)
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** A folder that is removed with the test, with the package in it as it would be published. */
export async function pack (t: Test): Promise<{ folder: string, tarball: string, files: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string, files: { path: string }[] }]
  return { folder, tarball: join(folder, filename), files: files.map(({ path }) => path) }
}

/** Installs packages into a folder, beside those that are there. */
export async function install (folder: string, ...packages: readonly string[]): Promise<void> {
  await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], { cwd: folder })
}

const esm = `import Fastify from 'fastify'
import wampPlugin, { fromCrossbarConfig, typed, wampBridge, wampConsole, wampContract, WampError, wampEndpoint, wampMetrics, wampTracing } from 'fastify-wamp'
import type { WampSerializer, WampTextSerializer } from 'fastify-wamp'
import { cookieStoreContract } from 'fastify-wamp/testing'

const app = Fastify()
await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { permissions: [] } } } } })
export const sum: Promise<number> = app.wamp.join('realm1').call<number>('com.example.add2', [2, 3])
export const all = [fromCrossbarConfig, typed, wampBridge, wampConsole, wampContract, WampError, wampEndpoint, wampMetrics, wampTracing, cookieStoreContract]
const text: WampTextSerializer = { name: 'text', binary: false, encode: (message) => JSON.stringify(message), decode: (text) => JSON.parse(text) }
const octets: WampSerializer = { name: 'octets', rawSocketNumber: 9, encode: (message) => Buffer.from(text.encode(message)), decode: (octets: Uint8Array) => text.decode(String(octets)) }
app.wampTransport({ serializers: ['json', text, octets] })
// @ts-expect-error a serializer of octets returns no text
app.wampTransport({ serializers: [{ ...octets, encode: () => 'text' }] })
// @ts-expect-error a role is a string
app.wamp.join('realm1', { role: 5 })
`
const commonJs = `import Fastify = require('fastify')
async function start () {
  const { wampPlugin } = await import('fastify-wamp')
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { permissions: [] } } } } })
  const sum: number = await app.wamp.join('realm1').call<number>('com.example.add2', [2, 3])
  return sum
}
start()
`

const browser = `import { connect, wampcra } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import type { Contract } from 'fastify-wamp/client'
const contract = { procedures: { 'com.example.add2': { args: { type: 'array', items: { type: 'number' } }, result: { type: 'number' } } } } as const satisfies Contract
const session = await connect<typeof contract>('/ws', { realm: 'realm1', login: wampcra({ authid: 'joe', secret: '123456' }), serializers: [cbor()] })
export const sum: number = await session.call('com.example.add2', [2, 3])
// @ts-expect-error of numbers
session.call('com.example.add2', ['2'])
document.title = session.state
`

/** How modules are resolved, with the modules that TypeScript wants there. */
export const resolutions = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' } as const

/**
 * What a compiler says of apps that use the package, one of each kind of modules, and of a page that knows no types of Node.js, with the
 * types of all packages checked; nothing if all is well.
 */
export async function diagnose (folder: string, tsc: string, resolution: keyof typeof resolutions): Promise<string> {
  await writeFile(join(folder, 'esm.mts'), esm)
  await writeFile(join(folder, 'common.cts'), commonJs)
  // No bundler has `import … = require`.
  const files = resolution === 'bundler' ? ['esm.mts'] : ['esm.mts', 'common.cts']
  const compilerOptions = {
    noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, esModuleInterop: true, target: 'es2022', lib: ['es2023', 'esnext.disposable'], types: ['node'], module: resolutions[resolution], moduleResolution: resolution
  }
  await writeFile(join(folder, 'types.json'), JSON.stringify({ compilerOptions, files }))
  await writeFile(join(folder, 'browser.mts'), browser)
  await writeFile(join(folder, 'browser.json'), JSON.stringify({ compilerOptions: { ...compilerOptions, lib: ['es2022', 'esnext.disposable', 'dom'], types: [] }, files: ['browser.mts'] }))
  try {
    for (const project of ['types.json', 'browser.json']) await run(process.execPath, [tsc, '-p', project], { cwd: folder })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

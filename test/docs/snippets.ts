import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

/** A code block of a page. Those with a name are files of one program: ```ts app.ts. */
export interface Snippet { readonly language: string, readonly name: string | undefined, readonly text: string }

/** The code blocks of a page, in their order. */
export function snippetsOf (page: string): Snippet[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```(\w*)(?: (\S+))?\n([^]*?)^```$/gm)].map(([, language = '', name, text = '']) => ({ language, name, text }))
}

/** Writes the files of a page, and others beside, into a folder of the package, so that they import it by its name. */
export function writeFiles (t: Test, page: string, more: Readonly<Record<string, string | Record<string, string>>> = {}): string {
  const files = snippetsOf(page).filter(({ name }) => name !== undefined).map(({ name, text }) => [name!, text])
  return t.testdir({ ...Object.fromEntries(files) as Record<string, string>, ...more })
}

/** How Node.js runs TypeScript that imports the package from its sources. What loads it is deprecated in newer versions, which they would print. */
export const node = ['--disable-warning=DEP0205', '--import=@tapjs/typescript/import', '--conditions=fastify-wamp-source'] as const

/** Runs a file of TypeScript or JavaScript as a program. Resolves to what it printed; rejects if it fails. */
export async function run (folder: string, file: string, args: readonly string[] = []): Promise<string> {
  const child = spawn(process.execPath, [...node, ...args, file], {
    cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined }
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => { printed += data.toString() })
  const [code] = await once(child, 'close') as [number]
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${printed}`)
  return printed
}

/** Starts main.ts, which prints where it listens. It ends with the test. `line` is what it prints next. */
export async function start (t: Test, folder: string): Promise<{ url: string, line: () => Promise<string> }> {
  const child = spawn(process.execPath, [...node, 'main.ts'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string> => {
    const { value } = await lines.next() as IteratorResult<string, undefined>
    if (value === undefined) throw new Error('main.ts has ended')
    return value
  }
  return { url: await line(), line }
}

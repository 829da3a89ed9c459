import { readdir, readFile } from 'node:fs/promises'

/** The files of the client for browsers, by name. `npm run build` writes them next to this file. */
export async function clientFiles (): Promise<ReadonlyMap<string, string>> {
  const folder = new URL('client/', import.meta.url)
  return new Map(await Promise.all((await readdir(folder)).map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const)))
}

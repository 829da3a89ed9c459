import { readdir, readFile } from 'node:fs/promises'

/** The client as browsers load it, which `npm run build` has put beside this file: files by name. */
export async function clientFiles (): Promise<ReadonlyMap<string, string>> {
  const folder = new URL('client/', import.meta.url)
  return new Map(await Promise.all((await readdir(folder)).map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const)))
}

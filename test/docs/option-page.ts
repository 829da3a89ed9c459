// What a page says about options.
import { readFileSync } from 'node:fs'

/** The text of a section of a page; that before the first heading, if `heading` is empty. Null if there is no such section. */
export function sectionOf (page: string, heading: string): string | null {
  const text = readFileSync(page, 'utf8')
  const section = heading === '' ? /^[^]*?(?=^## |(?![^]))/m : new RegExp(`^## ${heading}\\n[^]*?(?=^## |(?![^]))`, 'm')
  return section.exec(text)?.[0] ?? null
}

/** The tables of options in a text: the cells of the third column, by option. */
export function tablesOf (text: string): ReadonlyMap<string, string>[] {
  return [...text.matchAll(/^\| (?:option|method) .*\n\|.*\n((?:\|.*\n?)*)/gm)].map(([, rows = '']) => new Map(rows.trimEnd().split('\n').map((row) => {
    const [, name = '', , value = ''] = row.split(/(?<!\\)\|/).map((cell) => cell.trim())
    return [name.replaceAll('`', ''), value]
  })))
}

/** The objects in the shapes of a text, such as `{ uri, match? }`: the names of the options of each, sorted. */
export function shapesOf (text: string): string[] {
  const shapes: string[] = []
  const open: string[][] = []
  for (const [token] of [...text.matchAll(/`[^`]*\{[^`]*`/g)].join(' ').matchAll(/[{}]|[\w-]+\??(?=:|,| \})/g)) {
    if (token === '{') open.push([])
    else if (token === '}') shapes.push((open.pop() ?? []).sort().join(', '))
    else open.at(-1)?.push(token)
  }
  return shapes
}

/** What a text says about the default of an option: "`name` defaults to `'value'`", "and `name` to `'value'`", "Each defaults to `'value'`". */
export function defaultsIn (text: string, option: string): string[] {
  const said = text.replaceAll(/\s+/g, ' ').matchAll(/(?:`(\w+)` (?:[^`.;,]*? )?|\bEach )(?:defaults )?to `?'?([^\s`',;]*[^\s`',;.])/g)
  return [...said].filter(([, name = option]) => name === option).map(([, , value = '']) => value)
}

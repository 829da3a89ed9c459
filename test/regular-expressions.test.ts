import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import t from 'tap'
import typescript from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The length of a text: with a time in proportion to its square, a search takes many seconds; otherwise, less than a millisecond. */
const LENGTH = 100_000
const MOST_MILLISECONDS = 3000

/** Expressions whose texts are short, or come from the app. */
const exempt = new Map([
  ['plugin/network-of.ts /(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)$/', 'a valid IPv6 address'],
  ['plugin/cookie/cookie-lines.ts /\\0+$/', 'the first characters of a line'],
  ['plugin/crossbar/configuration-file.ts /at position (\\d+)/', 'an error of JSON.parse'],
  ['routes/procedure-route.ts /(?<!:):(\\w+)/g', 'a path of the app'],
  ['routes/route-procedure.ts /::|(\\/?):(\\w+)(?:\\([^)]*\\))?(\\??)/g', 'a path of the app']
])

/** The regular expressions in the source that contain a quantifier without a limit, with their files. */
async function expressions (): Promise<{ file: string, text: string }[]> {
  const found: { file: string, text: string }[] = []
  for (const part of ['plugin', 'routes']) {
    for (const name of await readdir(join(root, part), { recursive: true })) {
      if (!name.endsWith('.ts')) continue
      const file = `${part}/${name}`
      const visit = (node: typescript.Node): void => {
        if (typescript.isRegularExpressionLiteral(node) && /[*+]|,\}/.test(node.text.replaceAll(/\\.|\[(?:\\.|[^\]\\])*\]/g, ''))) found.push({ file, text: node.text })
        typescript.forEachChild(node, visit)
      }
      visit(typescript.createSourceFile(name, await readFile(join(root, file), 'utf8'), typescript.ScriptTarget.Latest, true))
    }
  }
  return found
}

const classes: Readonly<Record<string, string>> = { '\\d': '0', '\\w': 'a', '\\s': ' ', '\\S': 'x', '\\0': '\0', '\\b': '', '\\B': '' }

/** Characters that parts of an expression match, and some that they do not. */
function charactersOf (text: string): string[] {
  const source = text.replaceAll(/\\u([0-9A-Fa-f]{4})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
  const parts = source.match(/\\.|[^\\]/gs) ?? []
  const all = new Set(['x', '0', ...parts.map((part) => classes[part] ?? part.at(-1)!).filter((part) => part !== '')])
  for (const syntax of '()[]{}?*|^$') if (!source.includes(`\\${syntax}`)) all.delete(syntax)
  return [...all]
}

t.test('each regular expression that texts of others are searched by takes a time in proportion to the text', async (t) => {
  const all = await expressions()
  t.ok(all.length > 20, `there are ${all.length} expressions with such a quantifier`)
  for (const { file, text } of all) {
    if (exempt.has(`${file} ${text}`)) continue
    const characters = charactersOf(text)
    const context = createContext({ texts: [], done: 0 })
    context.texts = ['', ...characters].flatMap((first) => characters.flatMap((second) => ['', '\n!'].map((end) => (first + second).repeat(LENGTH / (first + second).length) + end)))
    const search = new Script(`${text}[Symbol.replace](texts[done++], '')`)
    while (context.done < context.texts.length) {
      try {
        search.runInContext(context, { timeout: MOST_MILLISECONDS })
      } catch {
        t.fail(`${file} ${text} takes too long for a text of ${JSON.stringify(context.texts[context.done - 1].slice(0, 10))}`)
        break
      }
    }
    if (context.done === context.texts.length) t.pass(`${file} ${text}`)
  }
  t.same([...exempt.keys()].filter((name) => !all.some(({ file, text }) => name === `${file} ${text}`)), [], 'each exempt expression exists')
})

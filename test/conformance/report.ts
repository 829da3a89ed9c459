// Writes docs/conformance.md: every requirement, with the tests that prove it, or why it is left out.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A requirement on a WAMP router. */
interface Row { readonly id: string, readonly level: string, readonly section: string, readonly title: string }
/** A test, or an assertion of one, whose name quotes the requirements that it proves. */
interface Proof { readonly file: string, readonly name: string }
/** Why requirements are left out. They are named one by one, or a family as `RAW-*`. */
interface Reason { readonly names: readonly string[], readonly text: string }

const here = new URL('.', import.meta.url)
const root = fileURLToPath(new URL('../../', import.meta.url))
/** A string whose end quotes requirements: `'a sentence [SUB-01, SUB-02]'`. */
const quoting = /(['`])((?:(?!\1)[^\\\n]|\\.)*?) ?\[([A-Z]{3}-\d\d(?:, [A-Z]{3}-\d\d)*)\]/g

async function json<T> (name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, here), 'utf8')) as T
}

/** All proofs by the requirements that they quote. */
async function findProofs (): Promise<Map<string, Proof[]>> {
  const proofs = new Map<string, Proof[]>()
  const files = (await readdir(join(root, 'test'), { recursive: true })).filter((name) => name.endsWith('.test.ts')).sort()
  for (const file of files) {
    const text = await readFile(join(root, 'test', file), 'utf8')
    for (const [, , name = '', ids = ''] of text.matchAll(quoting)) {
      for (const id of ids.split(', ')) proofs.set(id, [...proofs.get(id) ?? [], { file, name: name.replaceAll('\\', '') }])
    }
  }
  return proofs
}

async function findReasons (): Promise<Reason[]> {
  return Object.entries(await json<Record<string, string>>('left-out.json')).map(([names, text]) => ({ names: names.split(' '), text }))
}

const means = (name: string, id: string): boolean => name.endsWith('*') ? id.startsWith(name.slice(0, -1)) : name === id

/** What is wrong with the sources of the report: nothing may be unknown, unexplained, or explained twice. */
function findFaults (rows: readonly Row[], proofs: ReadonlyMap<string, Proof[]>, reasons: readonly Reason[]): string[] {
  const known = new Set(rows.map(({ id }) => id))
  const names = reasons.flatMap((reason) => reason.names)
  return [
    ...[...proofs].filter(([id]) => !known.has(id)).map(([id, [proof]]) => `${id} is quoted by ${proof!.file}, and is no requirement`),
    ...names.filter((name) => !rows.some(({ id }) => means(name, id))).map((name) => `${name} is left out, and is no requirement`),
    ...rows.flatMap(({ id, title }) => {
      const count = names.filter((name) => means(name, id)).length
      if (count > 1) return [`${id} is left out twice`]
      if (count === 1) return proofs.has(id) ? [`${id} is left out, but proven by ${proofs.get(id)![0]!.file}`] : []
      return proofs.has(id) ? [] : [`${id} is neither proven nor left out: ${title}`]
    })
  ]
}

function proofText ({ file, name }: Proof): string {
  // No link: the tests are not part of the package.
  return `\`${file}\`: ${name.replace(/^\$\{[^}]*\}: /, '').replaceAll(/\$\{[^}]*\}/g, '…').replaceAll('|', '\\|')}`
}

/** The report's text, and what is wrong with its sources. */
export async function buildReport (): Promise<{ text: string, faults: string[] }> {
  const [rows, proofs, reasons] = await Promise.all([json<Row[]>('rows.json'), findProofs(), findReasons()])
  const lines: string[] = []
  let section = ''
  for (const row of rows) {
    if (row.section !== section) {
      ({ section } = row)
      lines.push('', `## ${section}`, '', '| id | level | requirement | test, or reason for omission |', '|---|---|---|---|')
    }
    const reason = reasons.find(({ names }) => names.some((name) => means(name, row.id)))?.text ?? ''
    lines.push(`| ${row.id} | ${row.level} | ${row.title} | ${proofs.get(row.id)?.map(proofText).join('<br>') ?? `*${reason}*`} |`)
  }
  const proven = rows.filter(({ id }) => proofs.has(id)).length
  const text = `# Conformance

This page lists the requirements of the WAMP specification for a router, the behavior of Crossbar.io where the specification is silent,
and known pitfalls. For each one, it names the test that covers it, or the reason why it is not implemented.

The levels MUST, SHOULD and MAY are those of the specification. DER is derived from it. CB is the behavior of Crossbar.io. REC is a
recommendation. For pitfalls, the level is the source: the specification (spec), Crossbar.io (CB) or the implementation (impl).

In the name of a test, "…" stands for a parameter, such as the name of a serializer or a client.

\`npm run conformance\` generates this page. Tests cover ${proven} of ${rows.length} requirements.
${lines.join('\n')}
`
  return { text, faults: findFaults(rows, proofs, reasons) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { text, faults } = await buildReport()
  await writeFile(join(root, 'docs/conformance.md'), text)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
}

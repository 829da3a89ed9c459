import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf (page: string): Set<string> {
  return new Set([...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-')))
}

t.test('every link from page to page leads somewhere', (t) => {
  const pages = ['README.md', 'CHANGELOG.md', ...readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => join('docs', name))]
  for (const page of pages) {
    const lost = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor))
    })
    t.same([...new Set(lost)], [], page)
  }
  t.end()
})

t.test('every link of a packed page leads into the package', (t) => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8' })) as [{ files: { path: string }[] }]
  const packed = files.map(({ path }) => path)
  const pages = packed.filter((path) => path.endsWith('.md'))
  t.ok(pages.length > 20)
  for (const page of pages) {
    const lost = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link.split('#')[0]!).filter((path) => {
      if (path === '' || /^[a-z]+:/.test(path)) return false
      const target = join(dirname(page), path).replace(/\/$/, '')
      return !packed.some((file) => file === target || file.startsWith(`${target}/`))
    })
    t.same([...new Set(lost)], [], page)
  }
  t.end()
})

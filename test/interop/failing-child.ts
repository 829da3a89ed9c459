// Logs in and out ten times while system calls fail, and says what is stored, and which errors there were. Usage: failing-child.ts KIND PATH
import type { CookieStore } from '../../plugin/cookie/cookie-store.ts'
import { key, record } from '../cookie/store-contract.ts'
import { openStore } from './killed-stores.ts'

const [, , kind, path = ''] = process.argv
const lines: string[] = []

async function tell (line: string, act: () => void | Promise<void>): Promise<void> {
  try {
    await act()
    lines.push(line)
  } catch (error) {
    lines.push(`failed ${(error as { code?: string }).code ?? String(error)}`)
  }
}

let store: CookieStore | undefined
while (store === undefined) await tell('opened store', async () => { store = await openStore(kind!, path) })
const opened = store
for (let n = 0; n < 10; n++) {
  await tell(`in ${n}`, () => opened.set(key(n), record()))
  if (n % 2 === 1) continue
  lines.push(`leaving ${n}`)
  await tell(`out ${n}`, () => opened.delete(key(n)))
}
await opened.close()
// All at once, and synchronously: it may be a write that is made to fail otherwise.
process.stdout.write(`${lines.join('\n')}\n`)

// Logs in and out without end, and says each time what is on disk: to be killed.
import { DatabaseStore } from '../../plugin/cookie/database-store.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { record } from './store-contract.ts'

const [, , kind, path = '', round = ''] = process.argv
const store = kind === 'database' ? await DatabaseStore.open({ path }) : await FileStore.open({ filename: path, log: { warn () {}, error () {} } })

/** Resolves when it is in the pipe: what is about to be done must be known before it is. */
function say (line: string): Promise<void> {
  return new Promise((resolve) => { process.stdout.write(`${line}\n`, () => { resolve() }) })
}

async function user (n: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `${round}-${n}-${i}`
    await store.set(key, record())
    await say(`set ${key}`)
    if (i % 2 === 0) continue
    await say(`deleting ${key}`)
    await store.delete(key)
    await say(`deleted ${key}`)
  }
}

await Promise.all(Array.from({ length: 20 }, (_, n) => user(n)))

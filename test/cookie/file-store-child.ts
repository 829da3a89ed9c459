// Logs in and out without end, and says each time what is on disk: to be killed.
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { record } from './store-contract.ts'

const [, , filename = '', round = ''] = process.argv
const store = await FileStore.open({ filename, log: { warn () {}, error () {} } })

async function user (n: number): Promise<void> {
  for (let i = 0; ; i++) {
    const key = `${round}-${n}-${i}`
    await store.set(key, record())
    process.stdout.write(`set ${key}\n`)
    if (i % 2 === 0) continue
    process.stdout.write(`deleting ${key}\n`)
    await store.delete(key)
    process.stdout.write(`deleted ${key}\n`)
  }
}

await Promise.all(Array.from({ length: 20 }, (_, n) => user(n)))

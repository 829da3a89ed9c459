import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { writeLine } from '../../plugin/cookie/cookie-line.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { FailingDisk } from './failing-disk.ts'
import type { Fault } from './failing-disk.ts'
import { ToldRecords } from './told-records.ts'

const faults: readonly Fault[] = ['writes half', { code: 'ENOSPC' }, { code: 'EACCES' }, { code: 'EIO', done: true }]
const quiet = { warn () {}, error () {} }
/** How many outdated lines the file has at first: enough to be compacted at the first change. */
const DEAD_LINES = 1100

/** A phase of the life of a store, in which the disk fails. */
type Phase = 'open' | 'work' | 'close'

/** One life of a store on a disk that fails in one phase. */
class Life {
  readonly disk = new FailingDisk()
  readonly told = new ToldRecords()
  readonly logged: string[] = []
  readonly #t: Test
  readonly #folder: string
  readonly #name: string

  private constructor (t: Test, folder: string, name: string) {
    this.#t = t
    this.#folder = folder
    this.#name = name
  }

  static async begin (t: Test, name: string): Promise<Life> {
    const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const life = new Life(t, folder, name)
    const store = await FileStore.open({ filename: life.filename, log: quiet })
    for (const n of [1, 2, 3]) await life.told.set(store, n)
    await store.close()
    const dead = writeLine('dead', null).repeat(DEAD_LINES)
    // The last line is as a crash leaves it.
    await writeFile(life.filename, `${dead}{"sha256":"torn`, { flag: 'a' })
    return life
  }

  get filename (): string {
    return join(this.#folder, 'cookies.dat')
  }

  async open (): Promise<FileStore> {
    const log = (_: object, text: string): void => { this.logged.push(text) }
    return await FileStore.open({ filename: this.filename, log: { warn: log, error: log }, fs: this.disk })
  }

  /** Opens a store and lets it work and close; in one phase the disk fails. Resolves to the calls of that phase. */
  async run (failing: Phase, at: number, fault: Fault, lasts: boolean): Promise<string[]> {
    const { disk } = this
    let calls: string[] = []
    const during = async (phase: Phase, act: () => Promise<void>): Promise<void> => {
      if (phase === failing) disk.arm(at, fault, lasts)
      await act()
      if (phase === failing) calls = disk.calls
      if (phase === failing) await this.#checkCopy('after kill -9 on a disk that fails')
      disk.repair()
    }
    let store: FileStore | undefined
    await during('open', async () => { store = await this.open().catch((error: unknown) => { this.#isClear(error); return undefined }) })
    if (store === undefined) {
      this.logged.length = 0
      store = await this.open()
    }
    const opened = store
    await during('work', () => this.#work(opened))
    await this.told.check(this.#t, opened, `${this.#name}: in memory`)
    this.#t.ok(await this.told.set(opened, 10) && await this.told.delete(opened, 2), `${this.#name}: the store works again`)
    await this.#checkCopy('after kill -9')
    await during('close', async () => { await opened.close().catch((error: unknown) => { this.#isClear(error) }) })
    return calls
  }

  /** What is left when the store is closed. */
  async end (): Promise<void> {
    const name = this.#name
    const again = await this.open()
    await this.told.check(this.#t, again, `${name}: after a restart`)
    await again.close()
    this.#t.equal(this.disk.opened, 0, `${name}: no descriptor is left open`)
    this.#t.equal(new Set(this.logged).size, this.logged.length, `${name}: nothing is logged twice: ${this.logged.join(', ')}`)
    // Where the lock cannot be removed, a file of a few octets may stay.
    this.#t.same((await readdir(this.#folder)).filter((file) => !/\.lock\.\w{12}$/.test(file)), ['cookies.dat'], `${name}: nothing else is left`)
    await rm(this.#folder, { recursive: true })
  }

  async #work (store: FileStore): Promise<void> {
    const { told } = this
    await told.set(store, 4)
    await Promise.all([told.set(store, 5), told.set(store, 6), told.delete(store, 1)])
    await Promise.all([told.delete(store, 4), told.set(store, 7)])
    await told.set(store, 4)
    await told.delete(store, 7)
    await told.set(store, 8)
    await told.delete(store, 8)
    for (const error of told.takeErrors()) this.#isClear(error)
  }

  #isClear (error: unknown): void {
    this.#t.match(error, { code: 'WAMP_ERR_COOKIE_FILE', message: /cookies\.dat" cannot be (used|written): (ENOSPC|EIO|EROFS|EACCES)/ }, `${this.#name}: the error is clear`)
  }

  /** Opens a copy of the file, as another process would after kill -9. */
  async #checkCopy (when: string): Promise<void> {
    const copy = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const filename = join(copy, 'cookies.dat')
    await cp(this.filename, filename)
    const store = await FileStore.open({ filename, log: { warn () {}, error () {} } })
    await this.told.check(this.#t, store, `${this.#name}: ${when}`)
    await store.close()
    await rm(copy, { recursive: true })
  }
}

for (const phase of ['open', 'work', 'close'] as const) {
  t.test(`whichever system call fails in the phase "${phase}", no acknowledged login is lost, none that is over is back, and the store works when the disk does`, async (t) => {
    const whole = await Life.begin(t, 'a good disk')
    const calls = await whole.run(phase, -1, { code: 'EIO' }, false)
    await whole.end()
    t.ok(calls.length >= 3, calls.join(', '))
    if (phase === 'work') t.ok(calls.includes('rename'), 'the file is compacted meanwhile')
    for (const [at, call] of calls.entries()) {
      const lives = faults.filter((fault) => fault !== 'writes half' || call === 'write').flatMap((fault) => [{ fault, lasts: false }, { fault, lasts: true }])
      await Promise.all(lives.map(async ({ fault, lasts }) => {
        const what = typeof fault === 'string' ? fault : `fails with ${fault.code}${fault.done === true ? ' but is done' : ''}`
        const life = await Life.begin(t, `${phase}: call ${at} (${call}) ${what}, ${lasts ? 'as all after it' : 'once'}`)
        await life.run(phase, at, fault, lasts)
        await life.end()
      }))
    }
  })
}

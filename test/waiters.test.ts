import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Waiters } from '../plugin/waiters.ts'

/** Waiters, and the names of those that went on. */
function build (): { waiters: Waiters, done: string[], add: (owner: object, name: string) => () => void } {
  const waiters = new Waiters()
  const done: string[] = []
  return { waiters, done, add: (owner, name) => waiters.add(owner, () => { done.push(name) }) }
}

t.test('owners are served in rotation, each in the order of its waiters', async (t) => {
  const { waiters, done, add } = build()
  const [first, second] = [{}, {}]
  for (const name of ['a', 'b', 'c']) add(first, name)
  add(second, 'd')
  t.equal(waiters.owners, 2)
  for (let next = waiters.take(); next !== undefined; next = waiters.take()) next()
  t.same(done, ['a', 'd', 'b', 'c'])
  t.equal(waiters.owners, 0)
})

t.test('who leaves goes on at once, once, and is served no more', async (t) => {
  const { waiters, done, add } = build()
  const [first, second] = [{}, {}]
  const leave = add(first, 'a')
  add(first, 'b')
  const leaveToo = add(second, 'c')
  leave()
  leave()
  t.same(done, ['a'])
  leaveToo()
  t.equal(waiters.owners, 1)
  waiters.take()!()
  t.same(done, ['a', 'c', 'b'])
  t.equal(waiters.take(), undefined)
  leaveToo()
  t.same(done, ['a', 'c', 'b'])
})

t.test('an owner whose waiters have left may wait again', async (t) => {
  const { waiters, done, add } = build()
  const owner = {}
  add({}, 'other')
  add(owner, 'a')()
  const leave = add(owner, 'b')
  waiters.take()!()
  waiters.take()!()
  leave()
  t.same(done, ['a', 'other', 'b'])
  t.equal(waiters.take(), undefined)
})

t.test('what has left is not kept', async (t) => {
  const { waiters, add } = build()
  add({}, 'stays')
  let owner: object | null = {}
  const ref = new WeakRef(owner)
  add(owner, 'leaves')()
  owner = null
  await new Promise((resolve) => { setImmediate(resolve) })
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  t.equal(ref.deref(), undefined)
  t.equal(waiters.owners, 1)
})

import t from 'tap'
import { TokenBucket } from '../plugin/token-bucket.ts'

t.test('the burst passes at once, and then the rate applies', async (t) => {
  let now = 0
  const bucket = new TokenBucket(10, () => now)
  t.same(Array.from({ length: 12 }, () => bucket.tryTake(1)), [...Array<number>(10).fill(0), 100, 100])
  now += 100
  t.same([bucket.tryTake(1), bucket.tryTake(1)], [0, 100])
  now += 60_000
  t.same([bucket.tryTake(10), bucket.tryTake(1)], [0, 100], 'no more than a second\'s is saved')
})

t.test('tokens taken beyond the burst are waited for', async (t) => {
  let now = 0
  const bucket = new TokenBucket(1000, () => now)
  t.equal(bucket.take(1000), 0)
  t.equal(bucket.take(5000), 5000)
  now += 3000
  t.equal(bucket.take(0), 2000)
  now += 2000
  t.equal(bucket.take(0), 0)
})

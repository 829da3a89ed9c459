import t from 'tap'
import type { Test } from 'tap'
import { KeyvStore } from '../../plugin/cookie/keyv-store.ts'
import { testStore } from '../cookie/store-contract.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { needsRedis } from './programs.ts'
import { openRedis, Redis } from './redis-server.ts'

const [json] = wireCodecs
const roles = { caller: {} }
const realms = { realm1: { roles: { user: everything } } }
const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } }, cookie: {} } as const

/** Says HELLO with a cookie, logs in by ticket if that is asked for, and returns how WELCOME says that it was. */
async function come (t: Test, url: string, cookie?: string): Promise<{ provider: unknown, cookie: string | undefined }> {
  const client = await WireClient.connect(t, url, json!, cookie === undefined ? {} : { headers: { cookie } })
  let answer = await client.ask([1, 'realm1', { roles, authmethods: ['cookie', 'ticket'], authid: 'joe' }])
  if (answer[0] === 4) answer = await client.ask([5, 'secret', {}])
  client.socket.terminate()
  return { provider: (answer[2] as { authprovider?: string }).authprovider, cookie: client.setCookie?.split(';')[0] ?? cookie }
}

t.test('cookies in Redis, by Keyv', needsRedis(), async (t) => {
  await t.test('it is a cookie store', async (t) => {
    const redis = await Redis.start(t)
    await testStore(t, async () => {
      const { keyv } = openRedis(redis)
      await keyv.clear()
      return new KeyvStore(keyv)
    })
  })

  await t.test('a login outlives the app and the server, and Redis forgets it in time', async (t) => {
    const redis = await Redis.start(t)
    const { keyv, adapter } = openRedis(redis)
    const { app, url } = await buildApp(t, { realms, auth, cookie: { store: keyv, maxAge: 100 } })
    const first = await come(t, url)
    t.equal(first.provider, 'static')
    const [login] = await app.wampCookies!.find({ authid: 'joe' })
    const ttl = await (adapter.client as unknown as { pTTL (key: string): Promise<number> }).pTTL(`cookies::${login!.cookie}`)
    t.ok(ttl > 0 && ttl <= 100_000, `${ttl} ms`)
    await app.close()
    await redis.kill()
    await redis.start()
    const { url: again } = await buildApp(t, { realms, auth, cookie: { store: openRedis(redis).keyv, maxAge: 100 } })
    t.equal((await come(t, again, first.cookie)).provider, 'cookie')
  })

  await t.test('while Redis is down, no cookie logs in and no cookie is lost; then everything works again', async (t) => {
    const redis = await Redis.start(t)
    const { url } = await buildApp(t, { realms, auth, cookie: { store: openRedis(redis).keyv } })
    const { cookie } = await come(t, url)
    await redis.kill()
    const away = await come(t, url, cookie)
    t.equal(away.provider, 'static', 'the other method is asked for')
    t.equal(away.cookie, cookie, 'and the cookie stays')
    await redis.start()
    let provider
    do ({ provider } = await come(t, url, cookie)); while (provider !== 'cookie')
    t.pass('it is let in again')
  })
})

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import type { About, Neighbour, Plugin } from './neighbour.ts'

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

const secret = 'a secret of at least 32 characters, for tests'
const secureSession = { secret, salt: 'sixteen letters.', cookie: { path: '/' } }
const sessionPackages = { '@fastify/secure-session': '8.4.0', '@fastify/cookie': '11.1.5' }

/** Counts the visits of a browser in its session. */
function countVisits (app: FastifyInstance): void {
  app.get('/visits', async (request) => {
    const { session } = request as unknown as { session: { get (name: string): number | undefined, set (name: string, value: number): void } }
    const visits = (session.get('visits') ?? 0) + 1
    session.set('visits', visits)
    return { visits }
  })
}

async function countsVisits (t: Test, { url }: About): Promise<void> {
  const cookie = (await fetch(`${url}/visits`)).headers.getSetCookie().at(-1)!.split(';')[0]!
  t.same(await (await fetch(`${url}/visits`, { headers: { cookie } })).json(), { visits: 2 })
}

interface Passport {
  initialize (): Plugin
  secureSession (): Plugin
  use (name: string, strategy: object): void
  registerUserSerializer (serialize: (user: object) => Promise<object>): void
  registerUserDeserializer (deserialize: (user: object) => Promise<object>): void
  authenticate (name: string): Hook
}

/** Plugins that know browsers and users. */
export const browsers: readonly Neighbour[] = [
  {
    name: '@fastify/jwt',
    packages: { '@fastify/jwt': '10.2.8' },
    register: async (app, { load }) => {
      await app.register(load<Plugin>('@fastify/jwt'), { secret })
      app.get('/token', async (request) => await (request as unknown as { jwtVerify (): Promise<object> }).jwtVerify())
    },
    works: async (t, { app, url }) => {
      const { jwt } = app as unknown as { jwt: { sign (payload: object): string } }
      t.match(await (await fetch(`${url}/token`, { headers: { authorization: `Bearer ${jwt.sign({ name: 'ann' })}` } })).json(), { name: 'ann' })
    }
  },
  {
    name: '@fastify/csrf-protection',
    packages: { '@fastify/csrf-protection': '8.0.2', '@fastify/cookie': '11.1.5' },
    register: async (app, { load }) => {
      await app.register(load<Plugin>('@fastify/cookie'))
      await app.register(load<Plugin>('@fastify/csrf-protection'))
      app.get('/form', async (_request, reply) => ({ token: (reply as unknown as { generateCsrf (): string }).generateCsrf() }))
      app.post('/form', { onRequest: (app as unknown as { csrfProtection: Hook }).csrfProtection }, async () => 'sent')
    },
    works: async (t, { url }) => {
      const page = await fetch(`${url}/form`)
      const { token } = await page.json() as { token: string }
      const headers = { cookie: page.headers.getSetCookie()[0]!.split(';')[0]!, 'csrf-token': token }
      t.same([(await fetch(`${url}/form`, { method: 'POST' })).status, (await fetch(`${url}/form`, { method: 'POST', headers })).status], [403, 200])
    }
  },
  {
    name: '@fastify/secure-session',
    packages: sessionPackages,
    register: async (app, { load }) => {
      await app.register(load<Plugin>('@fastify/secure-session'), secureSession)
      countVisits(app)
    },
    works: countsVisits
  },
  {
    name: '@fastify/session',
    packages: { '@fastify/session': '11.1.3', '@fastify/cookie': '11.1.5' },
    register: async (app, { load }) => {
      await app.register(load<Plugin>('@fastify/cookie'))
      await app.register(load<Plugin>('@fastify/session'), { secret, cookie: { secure: false } })
      countVisits(app)
    },
    works: countsVisits
  },
  {
    name: '@fastify/passport',
    packages: { '@fastify/passport': '4.0.3', ...sessionPackages },
    register: async (app, { load }) => {
      const { Authenticator, Strategy } = load<{ Authenticator: new () => Passport, Strategy: new (name: string) => object }>('@fastify/passport')
      const passport = new Authenticator()
      await app.register(load<Plugin>('@fastify/secure-session'), secureSession)
      await app.register(passport.initialize())
      await app.register(passport.secureSession())
      passport.use('always', Object.assign(new Strategy('always'), { authenticate (this: { success (user: object): void }) { this.success({ name: 'ann' }) } }))
      passport.registerUserSerializer(async (user) => user)
      passport.registerUserDeserializer(async (user) => user)
      app.get('/sign-in', { preValidation: passport.authenticate('always') }, async () => 'in')
      app.get('/user', async (request) => (request as unknown as { user: object | null }).user ?? 'nobody')
    },
    works: async (t, { url }) => {
      const cookie = (await fetch(`${url}/sign-in`)).headers.getSetCookie().at(-1)!.split(';')[0]!
      t.same(await (await fetch(`${url}/user`, { headers: { cookie } })).json(), { name: 'ann' })
    }
  }
]

import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { isAllowedOrigin } from '../../routes/origin.ts'

const ask = (origin: string | undefined, host: string, allowedOrigins: readonly string[] = [], allowedHosts: readonly string[] | null = null): boolean =>
  isAllowedOrigin({ headers: { origin }, host } as unknown as FastifyRequest, { allowedOrigins, allowedHosts })

t.test('without Origin it is no browser, and may connect [CKH-11]', async (t) => {
  t.ok(ask(undefined, 'app.example'))
})

t.test('a page of the same host and port may connect, whatever the scheme [CKH-11]', async (t) => {
  t.ok(ask('https://app.example', 'app.example'))
  t.ok(ask('http://app.example:8080', 'app.example:8080'))
  t.ok(ask('https://app.example', 'app.example:443'), 'a port that the scheme implies may be written')
  t.ok(ask('http://[::1]:8080', '[::1]:8080'))
})

t.test('a page of any other origin may not [CKH-11]', async (t) => {
  for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'https://sub.app.example', 'http://app.example:8081', 'null', '', 'file://', 'app.example', 'https://app.example@evil.example']) {
    t.notOk(ask(origin, 'app.example'), origin)
  }
  t.notOk(ask('https://evil.example', ''), 'a request without Host')
})

t.test('an origin that is listed may, and `*` is any [CKH-11]', async (t) => {
  t.ok(ask('https://other.example', 'app.example', ['https://other.example']))
  t.notOk(ask('http://other.example', 'app.example', ['https://other.example']))
  t.ok(ask('null', 'app.example', ['*']))
})

t.test('a host that is not listed is nobody\'s own, whoever points to this address [CKH-11]', async (t) => {
  const hosts = ['app.example', '[::1]']
  t.ok(ask('https://app.example', 'app.example', [], hosts))
  t.ok(ask('https://APP.example:8443', 'app.example:8443', [], hosts))
  t.ok(ask('http://[::1]:8080', '[::1]:8080', [], hosts))
  t.notOk(ask('http://evil.example', 'evil.example', [], hosts))
  t.notOk(ask('http://app.example.evil.example', 'app.example.evil.example', [], hosts))
  t.ok(ask('https://other.example', 'app.example', ['https://other.example'], hosts), 'an origin that is listed may connect all the same')
  t.ok(ask(undefined, 'evil.example', [], hosts), 'no browser')
})

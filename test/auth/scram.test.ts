import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { scramCredentials } from 'fastify-wamp'
import type { ScramDerivation } from 'fastify-wamp'
import { authMessage, isProof, normalize, serverSignature } from '../../plugin/auth/scram.ts'

const octets = (base64: string): Buffer => Buffer.from(base64, 'base64')
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

t.test('the example exchange of RFC 7677 yields its proof and signature [SCR-08, SCR-09, TRP-50]', async (t) => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
  const credentials = await scramCredentials('pencil', { kdf: 'pbkdf2', iterations: 4096, salt })
  t.match(credentials, { kdf: 'pbkdf2', iterations: 4096, salt })
  const clientNonce = 'rOprNGfwEbeRWgbNEkqO'
  const message = authMessage({ authid: 'user', clientNonce, nonce: `${clientNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`, salt, iterations: 4096, binding: null })
  const proof = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
  t.ok(isProof(proof, octets(credentials.storedKey), message))
  t.equal(serverSignature(octets(credentials.serverKey), message), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  for (const wrong of ['', proof.slice(0, -1), `${proof} `, ` ${proof}`, proof.replace('+', '-').replaceAll('/', '_'), `${proof}${proof}`, `e${proof.slice(1)}`, 'x'.repeat(100_000)]) {
    t.notOk(isProof(wrong, octets(credentials.storedKey), message), wrong.slice(0, 50))
  }
})

t.test('AuthMessage has the syntax of RFC 5802 [SCR-04]', async (t) => {
  const exchange = { authid: 'a=b,c==', clientNonce: 'QQ==', nonce: 'QQ==Ug==', salt: 'UUU=', iterations: 7, binding: null }
  t.equal(authMessage(exchange), 'n=a=3Db=2Cc=3D=3D,r=QQ==,r=QQ==Ug==,s=UUU=,i=7,c=biws,r=QQ==Ug==')
  const bound = Buffer.concat([Buffer.from('p=tls-exporter,,'), Buffer.from([0, 255])]).toString('base64')
  t.equal(authMessage({ ...exchange, binding: { type: 'tls-exporter', data: Buffer.from([0, 255]) } }), `n=a=3Db=2Cc=3D=3D,r=QQ==,r=QQ==Ug==,s=UUU=,i=7,c=${bound},r=QQ==Ug==`)
})

t.test('Argon2id has version 1.3, one lane and 32 bytes of output [SCR-09]', async (t) => {
  // From the tests of Argon2's reference implementation.
  const salted = Buffer.from('9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe', 'hex')
  const salt = Buffer.from('somesalt').toString('base64')
  t.same(await scramCredentials('password', { iterations: 2, memory: 256, salt }), {
    kdf: 'argon2id13',
    iterations: 2,
    memory: 256,
    salt,
    storedKey: createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64'),
    serverKey: hmac(salted, 'Server Key').toString('base64')
  })
})

t.test('each user gets a salt of 16 bytes and costly parameters [SCR-09]', async (t) => {
  const [one, other] = await Promise.all([scramCredentials('pencil', { kdf: 'pbkdf2' }), scramCredentials('pencil', { kdf: 'pbkdf2' })])
  t.equal(one.iterations, 600_000)
  t.equal(octets(one.salt).length, 16)
  t.not(one.salt, other.salt)
  t.not(one.storedKey, other.storedKey)
  t.match(await scramCredentials('pencil'), { kdf: 'argon2id13', iterations: 2, memory: 19_456 })
})

t.test('passwords are equal if their SASLprep forms are equal [SCR-09]', async (t) => {
  const derivation = { iterations: 1, memory: 8, salt: 'c29tZXNhbHQ=' }
  const credentials = await scramCredentials('IX \u00e4', derivation)
  for (const same of ['\u2168 \u00e4', 'I\u00adX\u00a0a\u0308']) t.same(await scramCredentials(same, derivation), credentials)
  t.notSame(await scramCredentials('ix \u00e4', derivation), credentials)
  // The examples of RFC 4013.
  t.same(['I\u00adX', 'user', 'USER', '\u00aa', '\u2168', '\u0007', '\u0627\u0031'].map(normalize), ['IX', 'user', 'USER', 'a', 'IX', null, null])
  t.same(['', '\u00ad', 'x'.repeat(1025), 'x'.repeat(1e6)].map(normalize), [null, null, null, null])
})

t.test('invalid derivation parameters are refused by name, and never quoted', async (t) => {
  const wrong: [password: string, derivation: ScramDerivation, message: RegExp][] = [
    ['', {}, /"password"/], ['secret\u0007', {}, /"password"/], ['secret'.repeat(1000), {}, /"password"/],
    ['secret', { salt: 'c29tZQ==' }, /"salt"/], ['secret', { salt: 'not Base64 at all' }, /"salt"/],
    ['secret', { iterations: 0 }, /"iterations"/], ['secret', { kdf: 'pbkdf2', iterations: 1.5 }, /"iterations"/], ['secret', { memory: 7 }, /"memory"/],
    ['secret', { kdf: 'argon2id-13' as 'pbkdf2' }, /"kdf"/]
  ]
  for (const [password, derivation, message] of wrong) {
    const refusal = await scramCredentials(password, derivation).catch((error: unknown) => error) as Error
    t.match(refusal, { code: 'WAMP_ERR_INVALID_OPTION', message })
    t.notMatch(refusal.message, 'secret')
  }
})

/**
 * Compares the time that a login of a known and of an unknown user takes, by method: `npm run timing`. Both are tried in turns,
 * in this process and without a network. Exits with 1 where their medians differ by more than the noise between two runs of one.
 */
import { Authenticators } from '../dist/plugin/auth/authenticators.js'
import { WampError } from '../dist/plugin/errors.js'

const ROUNDS = 20_000
/** Microseconds that can be told from noise by nobody behind a network. */
const NOISE = 2

const users = (user) => Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`user${i}`, user]))
const key = Buffer.alloc(32).toString('base64')
const methods = {
  ticket: [{ ticket: { type: 'static', principals: users({ ticket: 'secret', role: 'user' }) } }, {}],
  wampcra: [{ wampcra: { type: 'static', users: users({ secret: 'secret', role: 'user' }) } }, {}],
  'wampcra, salted': [{ wampcra: { type: 'static', users: users({ secret: key, role: 'user', salt: 'salt of the user' }) } }, {}],
  'wamp-scram': [{ 'wamp-scram': { type: 'static', principals: users({ kdf: 'pbkdf2', salt: key, iterations: 4096, storedKey: key, serverKey: key, role: 'user' }) } }, { nonce: key }]
}

async function attempt (authenticator, authid, authextra) {
  const begun = performance.now()
  let challenged = begun
  try {
    await authenticator({
      authid,
      authextra,
      session: 1,
      tls: null,
      challenge: async () => {
        challenged = performance.now()
        return { signature: 'wrong', extra: {} }
      }
    })
  } catch (error) {
    if (!(error instanceof WampError)) throw error
  }
  return { challenge: challenged - begun, refusal: performance.now() - challenged }
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1] * 1000

let worst = 0
for (const [name, [auth, authextra]] of Object.entries(methods)) {
  const [[, authenticator]] = new Authenticators(auth, async () => { throw new TypeError('nothing is called') }).entries()
  const times = { known: { challenge: [], refusal: [] }, unknown: { challenge: [], refusal: [] } }
  for (let i = 0; i < 2 * ROUNDS; i++) {
    const kind = Math.random() < 0.5 ? 'known' : 'unknown'
    const { challenge, refusal } = await attempt(authenticator, `${kind === 'known' ? 'user' : 'none'}${i % 100}`, authextra)
    if (i < ROUNDS / 2) continue
    times[kind].challenge.push(challenge)
    times[kind].refusal.push(refusal)
  }
  for (const step of ['challenge', 'refusal']) {
    const [known, unknown] = [median(times.known[step]), median(times.unknown[step])]
    worst = Math.max(worst, Math.abs(known - unknown))
    process.stdout.write(`${name}: ${step} of a known user ${known.toFixed(1)} us, of an unknown one ${unknown.toFixed(1)} us\n`)
  }
}
process.exitCode = worst > NOISE ? 1 : 0

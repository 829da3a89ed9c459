// A call that reports its progress and can be canceled.
import { byId, on, setError, textOf } from './dom.js'
import { WampError } from './wamp-client.js'

const CANCELED = 'wamp.error.canceled'

/** Cancels the current call. */
let canceling = new AbortController()

/** Counts primes with a call of this session. */
export async function count (session) {
  canceling = new AbortController()
  showRunning(true)
  setError('primes')
  byId('primes').textContent = '…'
  try {
    const found = await session.call('com.example.primes', [byId('last').valueAsNumber], {}, {
      signal: canceling.signal, onProgress: (share) => { byId('progress').value = share }
    })
    byId('primes').textContent = found.toLocaleString()
  } catch (error) {
    byId('primes').textContent = error.error === CANCELED ? 'canceled' : '–'
    if (error.error !== CANCELED) setError('primes', textOf(error, 'Enter a whole number from 2 to 100,000,000.'))
  }
  showRunning(false)
}

function showRunning (running) {
  byId('progress').value = 0
  byId('count').disabled = running
  byId('cancel').disabled = !running
}

on('cancel', 'click', () => { canceling.abort(new WampError(CANCELED)) })

// A long call, that says how far it is, and can be canceled.
import { byId, on, setError, textOf } from './dom.js'

/** The call while there is one, else null. */
let running = null

/** Counts by a call of this session. */
export async function count (session) {
  const call = session.call('com.example.primes', [byId('last').valueAsNumber], {}, { receive_progress: true })
  showRunning(call)
  call.onprogress = (share) => { if (call === running) byId('progress').value = share }
  try {
    showEnd(call, (await call).toLocaleString())
  } catch (error) {
    showEnd(call, error.error === 'wamp.error.canceled' ? 'canceled' : '–')
    if (error.error !== 'wamp.error.canceled') setError('primes', textOf(error))
  }
}

/** The connection is lost: no answer will come. */
export function forget () {
  if (running !== null) showEnd(running, '–')
}

/**
 * Promises know no progress. Those that AutobahnJS makes by this tell it to `promise.onprogress`.
 * To be given to a connection as `use_deferred`.
 */
export function deferredWithProgress () {
  const deferred = {}
  deferred.promise = new Promise((resolve, reject) => { Object.assign(deferred, { resolve, reject }) })
  deferred.notify = (value) => { deferred.promise.onprogress?.(value) }
  return deferred
}

function showRunning (call) {
  running = call
  setError('primes')
  byId('primes').textContent = '…'
  byId('progress').value = 0
  byId('count').disabled = true
  byId('cancel').disabled = false
}

function showEnd (call, text) {
  if (call !== running) return
  running = null
  byId('primes').textContent = text
  byId('progress').value = 0
  byId('count').disabled = false
  byId('cancel').disabled = true
}

// Any other mode AutobahnJS takes for the end itself, and then does not expect the router's answer.
on('cancel', 'click', () => { running?.cancel({ mode: 'kill' }) })

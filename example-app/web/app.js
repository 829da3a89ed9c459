import { byId, on, setError, textOf } from './dom.js'
import { listLogins } from './logins.js'
import { count } from './primes.js'
import { connect, wampcra } from './wamp-client.js'

const LOGOUT = 'wamp.close.logout'
const MOST_ENTRIES = 100

const views = ['welcome', 'login', 'app'].map(byId)

/** The session, or null without one. It reconnects by itself. */
let session = null
/** The user and password that were entered, until a login has succeeded. */
let typed = null
/** Called with the user and password that are entered. */
let take = () => {}

// Views

function show (id) {
  for (const view of views) view.hidden = view.id !== id
}

function say (text, tone) {
  byId('connection').textContent = text
  byId('connection').dataset.tone = tone
}

/** Disables all controls while there is no connection. The page keeps its content. */
function setLive (live) {
  for (const control of document.querySelectorAll('#app fieldset, #logout')) control.disabled = !live
}

function showLogin ({ note, error = '' }) {
  document.querySelector('#login fieldset').disabled = false
  setError('login', error)
  say('Logged out', 'idle')
  // A visible form keeps its content.
  if (!byId('login').hidden) return byId('password').select()
  const wasIn = !byId('app').hidden
  byId('feed').replaceChildren()
  byId('feed-empty').hidden = false
  byId('login-note').textContent = note
  byId('password').value = ''
  show('login')
  if (wasIn) byId('password').focus()
}

function showEntry (text, from) {
  const now = new Date()
  const entry = document.createElement('li')
  const head = document.createElement('p')
  const who = document.createElement('b')
  const when = document.createElement('time')
  const body = document.createElement('p')
  who.textContent = from
  when.dateTime = now.toISOString()
  when.textContent = now.toLocaleTimeString()
  body.textContent = text
  head.append(who, when)
  entry.append(head, body)

  byId('feed-empty').hidden = true
  byId('feed').prepend(entry)
  if (byId('feed').childElementCount > MOST_ENTRIES) byId('feed').lastElementChild.remove()
}

// Sessions

/** Opens one session after another. Each is rejected, or ends with a logout. */
async function run () {
  for (;;) {
    try {
      const opened = session = await connect('/ws', { realm: 'realm1', login, onState })
      enter()
      opened.subscribe('com.example.feed', receive).catch((error) => { setError('feed', textOf(error)) })
      opened.subscribe('com.example.devices', listLogins).catch((error) => { setError('logins', textOf(error)) })
      await new Promise((resolve) => { opened.whenClosed(resolve) })
      const { reason, message } = opened.end
      typed = await ask({ note: reason === LOGOUT ? 'You are logged out.' : `The server has ended the session: ${message}` })
    } catch (refusal) {
      typed = await ask({ note: 'Log in to continue.', error: refusalText(refusal) })
    }
  }
}

/** Called only if the cookie does not log in. */
async function login () {
  typed ??= await ask({ note: byId('app').hidden ? 'Log in to continue.' : 'Your login has ended.' })
  return wampcra(typed)
}

function ask (given) {
  showLogin(given)
  return new Promise((resolve) => { take = resolve })
}

function logIn (authid, secret) {
  document.querySelector('#login fieldset').disabled = true
  setError('login')
  say('Logging in…', 'busy')
  take({ authid, secret })
}

function refusalText ({ error, message }) {
  return error === 'wamp.error.authentication_denied' ? 'The user or password is wrong.' : `The login failed: ${message}`
}

function onState (state) {
  // In the first call, there is no session yet.
  if (state === 'open' && session?.state === 'open') enter()
  if (state === 'waiting' || state === 'closed') setLive(false)
  if (state === 'waiting') say('Connection lost. Reconnecting…', 'bad')
  if (state === 'closed') session = null
}

function enter () {
  typed = null
  const { authid, authrole, authprovider } = session.principal
  byId('authid').textContent = authid
  byId('authrole').textContent = authrole
  byId('how').textContent = authprovider === 'cookie' ? 'Logged in by the cookie of this browser.' : 'Logged in with a password.'
  byId('console').hidden = authrole !== 'admin'
  byId('password').value = ''
  setLive(true)
  say('Connected', 'good')
  const wasTyped = !byId('login').hidden
  show('app')
  // The form had the focus and is now hidden.
  if (wasTyped) byId('session-title').focus()
  listLogins()
}

// Requests

/** `publisher_authid` is set by the router. Only the REST API, a part of the server, publishes for other users. */
function receive ({ args: [text], kwargs: { from }, details: { publisher_authid: publisher } }) {
  showEntry(String(text), publisher === 'rest' ? `${from}, by REST` : publisher)
}

async function add () {
  setError('add')
  try {
    byId('sum').textContent = await session.call('com.example.add2', [byId('x').valueAsNumber, byId('y').valueAsNumber])
  } catch (error) {
    byId('sum').textContent = '–'
    setError('add', textOf(error, 'Enter two numbers.'))
  }
}

async function publish (text) {
  await session.publish('com.example.feed', [text], {}, { exclude_me: false })
}

async function post (text) {
  const response = await fetch('/api/feed', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text })
  })
  if (!response.ok) throw new Error((await response.json()).message)
}

async function sendText (send) {
  const text = byId('text').value.trim()
  setError('feed', text === '' ? 'Enter a message first.' : '')
  if (text === '') return byId('text').focus()
  try {
    await send(text)
    byId('text').value = ''
  } catch (error) {
    setError('feed', textOf(error, 'The message is too long.'))
  }
}

// Controls

function updateSumLink () {
  const { value: x } = byId('x')
  const { value: y } = byId('y')
  const path = `/api/sum?${new URLSearchParams({ x, y })}`
  byId('sum-link').href = path
  byId('sum-link').textContent = path
}

async function copyCurl () {
  // Pages have a clipboard only on https and localhost. Elsewhere the line is selected.
  await navigator.clipboard?.writeText(byId('curl').textContent)
  byId('copy').textContent = navigator.clipboard === undefined ? 'Selected' : 'Copied'
  if (navigator.clipboard === undefined) window.getSelection().selectAllChildren(byId('curl'))
}

on('login-form', 'submit', () => { logIn(byId('user').value, byId('password').value) })
on('logout', 'click', () => { session.logout() })
on('add-form', 'submit', add)
on('primes-form', 'submit', () => count(session))
on('add-form', 'input', updateSumLink)
on('feed-form', 'submit', () => sendText(publish))
on('post', 'click', () => sendText(post))
on('copy', 'click', copyCurl)

byId('curl').textContent = `curl ${window.location.origin}/api/feed -H 'content-type: application/json' -d '{"text":"Hello from curl"}'`
run()

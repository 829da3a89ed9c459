/* global autobahn */
import { byId, on, setError, textOf } from './dom.js'
import { listLogins } from './logins.js'
import { count, deferredWithProgress, forget } from './primes.js'

const URL_OF_WAMP = `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/ws`
const LOGOUT = 'wamp.close.logout'
const MOST_ENTRIES = 100
const FIRST_DELAY = 1000
const LAST_DELAY = 15_000

const views = ['welcome', 'login', 'app'].map(byId)

/** The session while there is one, else null. */
let session = null
let retryDelay = FIRST_DELAY
let retryTimer

// What is seen

function show (id) {
  for (const view of views) view.hidden = view.id !== id
}

function say (text, tone) {
  byId('connection').textContent = text
  byId('connection').dataset.tone = tone
}

/** Without a session there is nothing to press, and what was shown stays. */
function setLive (live) {
  for (const control of document.querySelectorAll('#app fieldset, #logout')) control.disabled = !live
}

function showLogin ({ note = 'The server does not know this browser yet.', error = '' } = {}) {
  byId('feed').replaceChildren()
  byId('feed-empty').hidden = false
  byId('login-note').textContent = note
  byId('password').value = ''
  setError('login', error)
  say('Logged out', 'idle')
  show('login')
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

// Coming and going

/** Opens a connection. `refused` is called if it ends before there is a session, with null if no router was reached. */
function connect ({ authmethods, authid, password }, refused) {
  const connection = new autobahn.Connection({
    url: URL_OF_WAMP,
    realm: 'realm1',
    authmethods,
    authid,
    onchallenge: (_session, _method, { challenge }) => autobahn.auth_cra.sign(password, challenge),
    use_deferred: deferredWithProgress,
    // AutobahnJS does not come back after a GOODBYE, which a server sends that restarts. So this page does it itself.
    max_retries: 0
  })
  connection.onopen = enter
  connection.onclose = (_how, { reason }) => {
    if (session === null) refused(reason)
    else leave(reason)
    return true
  }
  connection.open()
}

/** Asks with nothing but the cookie: nobody has to type a password who need not. */
function comeBack () {
  clearTimeout(retryTimer)
  retryTimer = undefined
  connect({ authmethods: ['cookie'] }, (reason) => {
    if (reason === 'wamp.error.no_matching_auth_method') showLogin(byId('app').hidden ? {} : { note: 'Your login has ended.' })
    else if (reason === null || reason === 'wamp.close.system_shutdown') comeBackLater()
    else showLogin({ error: `The server refused: ${reason}` })
  })
}

function comeBackLater () {
  say('Connection lost, trying again…', 'bad')
  // Pages that lost one server together should not come back to it together.
  retryTimer = setTimeout(comeBack, retryDelay * (0.75 + Math.random() / 2))
  retryDelay = Math.min(retryDelay * 2, LAST_DELAY)
}

function logIn (authid, password) {
  const fields = document.querySelector('#login fieldset')
  fields.disabled = true
  setError('login')
  say('Logging in…', 'busy')
  connect({ authmethods: ['cookie', 'wampcra'], authid, password }, (reason) => {
    fields.disabled = false
    say('Logged out', 'idle')
    setError('login', refusalText(reason))
    byId('password').select()
  })
}

function refusalText (reason) {
  if (reason === null || reason === 'wamp.close.system_shutdown') return 'The server cannot be reached. Try again.'
  if (reason === 'wamp.error.authentication_denied') return 'User or password is wrong.'
  return `The server refused: ${reason}`
}

function enter (opened, { authid, authrole, authmethod, authprovider }) {
  session = opened
  retryDelay = FIRST_DELAY
  byId('authid').textContent = authid
  byId('authrole').textContent = authrole
  byId('authmethod').textContent = authmethod
  byId('authprovider').textContent = ` / provider ${authprovider}`
  byId('console').hidden = authrole !== 'admin'
  document.querySelector('#login fieldset').disabled = false
  byId('password').value = ''
  setLive(true)
  say('Connected', 'good')
  const typed = !byId('login').hidden
  show('app')
  // The form is gone, and the focus with it.
  if (typed) byId('session-title').focus()
  listLogins()
  opened.subscribe('com.example.feed', receive).catch((error) => { setError('feed', textOf(error)) })
}

function leave (reason) {
  session = null
  forget()
  setLive(false)
  // The router's answer to this page's own logout, or its word that another tab logged out.
  if (reason !== 'wamp.close.goodbye_and_out' && reason !== LOGOUT) return comeBackLater()
  showLogin({ note: 'You are logged out.' })
  byId('password').focus()
}

// What a session does

/** The router says who published. Only the REST API, a part of the server, speaks for others. */
function receive ([text], { from }, { publisher_authid: publisher }) {
  showEntry(String(text), publisher === 'rest' ? `${from}, by REST` : publisher)
}

async function add () {
  setError('add')
  try {
    byId('sum').textContent = await session.call('com.example.add2', [byId('x').valueAsNumber, byId('y').valueAsNumber])
  } catch (error) {
    byId('sum').textContent = '–'
    setError('add', textOf(error))
  }
}

async function publish (text) {
  await session.publish('com.example.feed', [text], {}, { acknowledge: true, exclude_me: false })
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
  setError('feed', text === '' ? 'Say something first.' : '')
  if (text === '') return byId('text').focus()
  try {
    await send(text)
    byId('text').value = ''
  } catch (error) {
    setError('feed', textOf(error))
  }
}

// What is pressed

function updateSumLink () {
  const { value: x } = byId('x')
  const { value: y } = byId('y')
  const path = `/api/sum?${new URLSearchParams({ x, y })}`
  byId('sum-link').href = path
  byId('sum-link').textContent = path
}

async function copyCurl () {
  // The clipboard belongs to https and localhost alone: elsewhere the line is selected.
  await navigator.clipboard?.writeText(byId('curl').textContent)
  byId('copy').textContent = navigator.clipboard === undefined ? 'Selected' : 'Copied'
  if (navigator.clipboard === undefined) window.getSelection().selectAllChildren(byId('curl'))
}

on('login-form', 'submit', () => { logIn(byId('user').value, byId('password').value) })
on('logout', 'click', () => { session.leave(LOGOUT) })
on('add-form', 'submit', add)
on('primes-form', 'submit', () => count(session))
on('add-form', 'input', updateSumLink)
on('feed-form', 'submit', () => sendText(publish))
on('post', 'click', () => sendText(post))
on('copy', 'click', copyCurl)
window.addEventListener('online', () => { if (retryTimer !== undefined) comeBack() })

byId('curl').textContent = `curl ${window.location.origin}/api/feed -H 'content-type: application/json' -d '{"text":"Hello from curl"}'`
comeBack()

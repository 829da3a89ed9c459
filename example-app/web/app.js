import { byId, on, setError, textOf } from './dom.js'
import { listLogins } from './logins.js'
import { count } from './primes.js'
import { connect, wampcra } from './wamp-client.js'

const LOGOUT = 'wamp.close.logout'
const MOST_ENTRIES = 100

const views = ['welcome', 'login', 'app'].map(byId)

/** The session while there is one, else null. It comes back by itself. */
let session = null
/** What was typed, until it has let somebody in. */
let typed = null
/** Takes what is typed. */
let take = () => {}

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

function showLogin ({ note, error = '' }) {
  document.querySelector('#login fieldset').disabled = false
  setError('login', error)
  say('Logged out', 'idle')
  // A form that is there stays as it is.
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

// Coming and going

/** One session after the other: each is refused, or ends with a logout. */
async function run () {
  for (;;) {
    try {
      const opened = session = await connect('/ws', { realm: 'realm1', login, onState })
      enter()
      opened.subscribe('com.example.feed', receive).catch((error) => { setError('feed', textOf(error)) })
      await new Promise((resolve) => { opened.whenClosed(resolve) })
      const { reason, message } = opened.end
      typed = await ask({ note: reason === LOGOUT ? 'You are logged out.' : `The server ended it: ${message}` })
    } catch (refusal) {
      typed = await ask({ note: 'The server does not know this browser yet.', error: refusalText(refusal) })
    }
  }
}

/** The cookie comes first: nobody has to type a password who need not. */
async function login () {
  typed ??= await ask({ note: byId('app').hidden ? 'The server does not know this browser yet.' : 'Your login has ended.' })
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
  return error === 'wamp.error.authentication_denied' ? 'User or password is wrong.' : `The server refused: ${message}`
}

function onState (state) {
  // The first time there is no session yet.
  if (state === 'open' && session?.state === 'open') enter()
  if (state === 'waiting' || state === 'closed') setLive(false)
  if (state === 'waiting') say('Connection lost, trying again…', 'bad')
  if (state === 'closed') session = null
}

function enter () {
  typed = null
  const { authid, authrole, authmethod, authprovider } = session.principal
  byId('authid').textContent = authid
  byId('authrole').textContent = authrole
  byId('authmethod').textContent = authmethod
  byId('authprovider').textContent = ` / provider ${authprovider}`
  byId('console').hidden = authrole !== 'admin'
  byId('password').value = ''
  setLive(true)
  say('Connected', 'good')
  const wasTyped = !byId('login').hidden
  show('app')
  // The form is gone, and the focus with it.
  if (wasTyped) byId('session-title').focus()
  listLogins()
}

// What a session does

/** The router says who published. Only the REST API, a part of the server, speaks for others. */
function receive ({ args: [text], kwargs: { from }, details: { publisher_authid: publisher } }) {
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
on('logout', 'click', () => { session.logout() })
on('add-form', 'submit', add)
on('primes-form', 'submit', () => count(session))
on('add-form', 'input', updateSumLink)
on('feed-form', 'submit', () => sendText(publish))
on('post', 'click', () => sendText(post))
on('copy', 'click', copyCurl)

byId('curl').textContent = `curl ${window.location.origin}/api/feed -H 'content-type: application/json' -d '{"text":"Hello from curl"}'`
run()

import { isLost } from './connection.js'
import { byId, element, foreign, onSubmit, payloadText, visible } from './dom.js'

/** The maximum number of rows. */
const MOST_MESSAGES = 500

const rows = byId('messages-rows')
let session = null
/** The current tail, which continues after reconnections: `{ prefix, stop, session, stands }`, or null. */
let tail = null
let paused = false
/** What came and is not shown yet: the newest, no more than are shown. */
let waiting = []
let missed = 0
let total = 0
let scheduled = false

function say (text, tone = 'good') {
  byId('messages-note').textContent = text
  byId('messages-note').dataset.tone = tone
}

function receive ({ publication, details, args, kwargs }) {
  total++
  waiting.push({ at: new Date(), publication, details, payload: payloadText({ args, kwargs }) })
  if (waiting.length > MOST_MESSAGES) {
    waiting.shift()
    missed++
  }
  schedule()
}

// A storm of events is written a few times a second, and not event by event.
function schedule () {
  if (scheduled) return
  scheduled = true
  setTimeout(() => {
    scheduled = false
    show()
  }, 100)
}

function show () {
  byId('messages-count').textContent = total
  if (!paused) {
    rows.prepend(...waiting.map(lineOf).reverse())
    waiting = []
    while (rows.childElementCount > MOST_MESSAGES) rows.lastElementChild.remove()
  }
  byId('messages-waiting').textContent = paused ? `${waiting.length} paused${missed > 0 ? `, ${missed} dropped` : ''}` : ''
  byId('messages-empty').hidden = rows.childElementCount > 0
}

function lineOf ({ at, publication, details, payload }) {
  const { topic = tail?.prefix, publisher, publisher_authid: authid, publisher_authrole: role, ...rest } = details
  const time = element('time', 'number', `${at.toLocaleTimeString(undefined, { hour12: false })}.${String(at.getMilliseconds()).padStart(3, '0')}`)
  time.dateTime = at.toISOString()
  time.title = `publication ${publication}`
  const who = publisher === undefined ? '' : `${authid ?? publisher}${role === undefined ? '' : ` · ${role}`}`
  const more = Object.keys(rest).length > 0 ? [element('span', 'quiet', visible(JSON.stringify(rest)))] : []
  return element('li', '', time, foreign(topic, 'code topic'), foreign(who, 'quiet who'), foreign(payload, 'code payload'), ...more)
}

async function start (prefix) {
  stop()
  tail = { prefix, stop: new AbortController(), session: null, stands: false }
  await resume()
}

const nameOf = ({ prefix }) => prefix === '' ? 'every topic' : `topics that start with ${visible(prefix)}`

async function resume () {
  const wanted = tail
  if (wanted === null || session === null) return
  say(`Subscribing to ${nameOf(wanted)}…`, 'quiet')
  // One request at a time: what it is answered with must belong to what is wanted.
  setControls('busy')
  if (wanted.session !== session) follow(wanted, session)
  // The router answers in order: by then the subscription stands, or was refused.
  await session.call('wamp.session.get', [session.id]).catch(() => {})
  if (tail === wanted && session !== null) {
    wanted.stands = true
    say(`Listening to ${nameOf(wanted)}.`)
  }
  setControls()
}

/** Shows the events of what is wanted, until it is not wanted any more. */
async function follow (wanted, session) {
  wanted.session = session
  wanted.stands = false
  try {
    for await (const event of session.events(wanted.prefix, { match: 'prefix', signal: wanted.stop.signal })) {
      if (tail === wanted) receive(event)
    }
  } catch (error) {
    if (tail !== wanted || isLost(error)) return
    tail = null
    const refused = error.error === 'wamp.error.not_authorized' ? `Your role may not subscribe to ${nameOf(wanted)}.` : visible(error.message)
    say(wanted.stands ? `The subscription was revoked: ${visible(error.error ?? error.message)}.` : refused, 'warn')
    setControls()
  }
}

function stop () {
  tail?.stop.abort()
  tail = null
  say('Not listening. An empty field matches every topic.', 'quiet')
  setControls()
}

function setControls (state = 'free') {
  byId('messages-start').disabled = session === null || state === 'busy'
  byId('messages-stop').disabled = session === null || state === 'busy' || tail === null
}

function setPaused (value) {
  paused = value
  if (!paused) missed = 0
  byId('messages-pause').setAttribute('aria-pressed', String(paused))
  show()
}

function clear () {
  rows.replaceChildren()
  waiting = []
  missed = 0
  total = 0
  show()
}

onSubmit(byId('messages-form'), () => start(byId('prefix').value.trim()))
byId('messages-stop').addEventListener('click', stop)
byId('messages-pause').addEventListener('click', () => setPaused(!paused))
byId('messages-clear').addEventListener('click', clear)

/** The tail of what is published. */
export const messages = {
  open (opened) {
    session = opened
    setControls()
    resume()
  },
  lost () {
    session = null
    setControls()
    if (tail !== null) say('Not connected: listening resumes after the connection is restored.', 'warn')
  },
  clear
}

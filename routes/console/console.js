import { byHand, suggest } from './by-hand.js'
import { Connection } from './connection.js'
import { byId, visible } from './dom.js'
import { lists } from './lists.js'
import { messages } from './messages.js'

const parts = [lists, messages, byHand]
const sections = [...document.querySelectorAll('main > section')]
const links = [...document.querySelectorAll('nav a')]
const brief = { good: 'Connected', busy: 'Connecting', bad: 'Not connected' }
let principal = ''

/** Shows one section: that of the address. */
function showSection () {
  const wanted = sections.find(({ id }) => `#${id}` === window.location.hash) ?? sections[0]
  for (const section of sections) section.hidden = section !== wanted
  for (const link of links) {
    if (link.hash === `#${wanted.id}`) {
      link.setAttribute('aria-current', 'page')
      link.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    } else link.removeAttribute('aria-current')
  }
  if (wanted.id === 'call') suggest('procedures', lists.procedures())
  if (wanted.id === 'publish') suggest('topics', lists.topics())
  lists.shown(wanted.id)
  return wanted
}

const connection = new Connection('ws', {
  open (session) {
    const { realm, authid, authrole } = session.principal
    byId('realm').textContent = visible(realm)
    byId('who').textContent = `${visible(authid)} · ${visible(authrole)}`
    document.title = `${visible(realm)} – WAMP console`
    // Who comes next sees nothing of what somebody else saw.
    const comes = JSON.stringify([realm, authid, authrole])
    if (principal !== comes) for (const part of parts) part.clear()
    principal = comes
    for (const part of parts) part.open(session)
  },
  lost () {
    for (const part of parts) part.lost()
  },
  over () {
    for (const dialog of document.querySelectorAll('dialog')) dialog.close()
    for (const part of parts) part.clear()
  },
  state (tone, text) {
    byId('connection').dataset.tone = tone
    byId('connection').textContent = brief[tone]
    // Shown from when something went wrong until all is well: not while the page first connects.
    if (tone !== 'busy') byId('trouble').hidden = tone === 'good'
    byId('trouble-text').textContent = visible(text)
  },
  latency (milliseconds) {
    byId('latency').textContent = milliseconds === null ? '–' : `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
  }
})

byId('again').addEventListener('click', () => connection.connect())
window.addEventListener('hashchange', () => {
  const section = showSection()
  const field = section.querySelector('[data-first]')
  if (field === null) section.querySelector('h2').focus()
  else field.focus()
})
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.querySelector('[value=cancel]').addEventListener('click', () => dialog.close())
}

showSection()
connection.connect()

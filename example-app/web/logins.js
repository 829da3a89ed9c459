// "Your devices": the browsers in which the user is logged in, from the REST API.
import { byId, setError, textOf } from './dom.js'

export async function listLogins () {
  setError('logins')
  try {
    const response = await fetch('/api/logins')
    const answer = await response.json()
    if (!response.ok) throw new Error(answer.message)
    byId('logins').replaceChildren(...answer.map(loginEntry))
  } catch (error) {
    setError('logins', textOf(error))
  }
}

function loginEntry ({ login, own, userAgent, address, lastSeen, connected }) {
  const entry = document.createElement('li')
  const text = document.createElement('p')
  const browser = document.createElement('b')
  const seen = document.createElement('span')
  const remove = document.createElement('button')
  const name = browserOf(userAgent)
  browser.textContent = name
  seen.className = 'quiet'
  seen.textContent = own ? 'This browser' : `${address ?? 'Unknown address'}, ${connected > 0 ? 'online' : `last seen ${new Date(lastSeen).toLocaleString()}`}`
  remove.type = 'button'
  remove.textContent = 'Log out…'
  remove.ariaLabel = `Log out ${name}`
  remove.addEventListener('click', () => { confirmLogout(login, own ? 'this browser' : name) })
  text.append(browser, seen)
  entry.append(text, remove)
  return entry
}

/** The name and the system of a browser, such as "Chrome on Linux". Later names include earlier ones: Edge says that it is Chrome, too. */
function browserOf (userAgent = '') {
  const first = (names) => names.find(([, token]) => userAgent.includes(token))?.[0]
  const browser = first([['Edge', 'Edg/'], ['Opera', 'OPR/'], ['Firefox', 'Firefox/'], ['Chrome', 'Chrome/'], ['Safari', 'Safari/']])
  const system = first([['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['macOS', 'Mac OS X'], ['Linux', 'Linux']])
  if (browser === undefined) return userAgent.split('/')[0] || 'Unknown browser'
  return system === undefined ? browser : `${browser} on ${system}`
}

function confirmLogout (login, name) {
  byId('end-name').textContent = name
  byId('end').returnValue = ''
  byId('end').onclose = () => { if (byId('end').returnValue === 'end') endLogin(login) }
  byId('end').showModal()
}

async function endLogin (login) {
  const response = await fetch(`/api/logins/${login}`, { method: 'DELETE' })
  if (!response.ok) setError('logins', (await response.json()).message)
}

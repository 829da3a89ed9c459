// "Your devices": where a user is logged in, by the REST API.
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

function loginEntry ({ login, own, userAgent, address, lastSeen }) {
  const entry = document.createElement('li')
  const text = document.createElement('p')
  const browser = document.createElement('b')
  const seen = document.createElement('span')
  const end = document.createElement('button')
  browser.textContent = own ? 'This browser' : userAgent ?? 'Unknown browser'
  seen.className = 'quiet'
  seen.textContent = `${address ?? 'somewhere'}, last seen ${new Date(lastSeen).toLocaleString()}`
  end.type = 'button'
  end.textContent = 'End'
  end.addEventListener('click', () => { endLogin(login) })
  text.append(browser, seen)
  entry.append(text, end)
  return entry
}

async function endLogin (login) {
  const response = await fetch(`/api/logins/${login}`, { method: 'DELETE' })
  if (!response.ok) setError('logins', (await response.json()).message)
  await listLogins()
}

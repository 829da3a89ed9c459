import { WampError } from './client.js'
import { valuesOf } from './connection.js'
import { byId, element, onSubmit, payloadText, visible } from './dom.js'

/** Results by progress that are kept on the page. */
const MOST_RESULTS = 200

let session = null
/** Cancels the call that is open, or null. */
let open = null

/** The values of a form's JSON fields. Null, with what is wrong at its field, if one is no JSON of its kind. */
function read (form) {
  const values = {}
  let faulty = null
  for (const name of ['args', 'kwargs', 'options']) {
    const field = byId(`${form}-${name}`)
    const { value, fault } = parse(field.value, name === 'args' ? 'list' : 'object')
    byId(`${form}-${name}-error`).textContent = fault
    field.setAttribute('aria-invalid', String(fault !== ''))
    if (fault !== '') faulty ??= field
    values[name] = value
  }
  faulty?.focus()
  return faulty === null ? values : null
}

function parse (text, kind) {
  if (text.trim() === '') return { value: kind === 'list' ? [] : {}, fault: '' }
  try {
    const value = JSON.parse(text)
    const fits = kind === 'list' ? Array.isArray(value) : typeof value === 'object' && value !== null && !Array.isArray(value)
    return { value, fault: fits ? '' : `Must be a JSON ${kind}.` }
  } catch (error) {
    return { value: null, fault: `Not valid JSON: ${error.message}` }
  }
}

function say (form, text, tone) {
  const state = byId(`${form}-state`)
  state.textContent = text
  state.dataset.tone = tone
}

function show (form, text) {
  byId(`${form}-output`).append(element('pre', '', text))
}

const since = (start) => `${(performance.now() - start).toFixed(1)} ms`

function showError (form, error, start) {
  const refused = error.error === 'wamp.error.not_authorized'
  say(form, `${refused ? 'Your role may not do that' : 'Error'} after ${since(start)}`, 'bad')
  show(form, visible(error.error ?? error.message))
  if (error.args?.length > 0 || Object.keys(error.kwargs ?? {}).length > 0) show(form, payloadText(error, 2))
}

async function call () {
  const given = read('call')
  if (given === null || open !== null || session === null) return
  const output = byId('call-output')
  const start = performance.now()
  let results = 0
  const onProgress = (result) => {
    results++
    say('call', `${results} progressive results, ${since(start)}…`, 'busy')
    show('call', payloadText(valuesOf(result), 2))
    if (output.childElementCount > MOST_RESULTS) output.firstElementChild.remove()
    output.scrollTop = output.scrollHeight
  }
  output.replaceChildren()
  say('call', 'Calling…', 'busy')
  setOpen(new AbortController())
  try {
    const { receive_progress: inParts = byId('call-progress').checked, ...options } = given.options
    const result = await session.call(byId('call-uri').value.trim(), given.args, given.kwargs, { ...options, signal: open.signal, onProgress: inParts ? onProgress : undefined })
    say('call', `${results > 0 ? 'Last result' : 'Result'} after ${since(start)}`, 'good')
    show('call', payloadText(valuesOf(result), 2))
    output.scrollTop = output.scrollHeight
  } catch (error) {
    showError('call', error, start)
  }
  setOpen(null)
}

function setOpen (controller) {
  open = controller
  byId('call-send').disabled = open !== null || session === null
  byId('call-cancel').disabled = open === null
}

async function publish () {
  const given = read('publish')
  if (given === null || session === null) return
  const start = performance.now()
  byId('publish-output').replaceChildren()
  say('publish', 'Publishing…', 'busy')
  try {
    const options = { exclude_me: !byId('publish-here').checked, ...given.options }
    const publication = await session.publish(byId('publish-uri').value.trim(), given.args, given.kwargs, options)
    say('publish', `Published after ${since(start)}`, 'good')
    show('publish', `publication ${publication}`)
  } catch (error) {
    showError('publish', error, start)
  }
}

function setLive (live) {
  byId('publish-send').disabled = !live
  setOpen(open)
}

/** Suggests URIs that are there. */
export function suggest (id, uris) {
  byId(id).replaceChildren(...[...new Set(uris)].sort().slice(0, 200).map((uri) => {
    const option = element('option')
    option.value = uri
    return option
  }))
}

onSubmit(byId('call-form'), call)
onSubmit(byId('publish-form'), publish)
byId('call-cancel').addEventListener('click', () => open?.abort(new WampError('wamp.error.canceled')))

/** Calls and publications by hand. */
export const byHand = {
  open (opened) {
    session = opened
    setLive(true)
  },
  lost () {
    session = null
    setLive(false)
  },
  clear () {
    for (const form of ['call', 'publish']) {
      byId(`${form}-output`).replaceChildren()
      say(form, 'Nothing yet', 'quiet')
    }
  }
}

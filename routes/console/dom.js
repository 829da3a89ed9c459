/** Characters of a text that are shown: a client may send a megabyte. */
const LONGEST = 20_000

export const byId = (id) => document.getElementById(id)

// Control characters could hide or reverse a text. They are shown as escapes.
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** A client's text, so that all of it can be seen. */
export function visible (text, keep = '') {
  const whole = String(text)
  const shown = whole.length > LONGEST ? `${whole.slice(0, LONGEST)}… (${whole.length} characters)` : whole
  return shown.replace(UNSEEN, (c) => keep.includes(c) ? c : `\\u${c.codePointAt(0).toString(16).padStart(4, '0')}`)
}

/** An element with a class, a text or children. Text is never parsed. */
export function element (name, className = '', ...children) {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** Text from a client, which cannot affect the text around it. */
export function foreign (text, className = '') {
  return element('bdi', className, visible(text))
}

export function button (text, press, label = text) {
  const made = element('button', '', text)
  made.type = 'button'
  if (label !== text) made.setAttribute('aria-label', label)
  made.addEventListener('click', press)
  return made
}

/** A payload as JSON: args alone where there are no kwargs. */
export function payloadText ({ args, kwargs }, indent) {
  const parts = Object.keys(kwargs).length > 0 ? [args, kwargs] : [args]
  const texts = parts.map((part) => JSON.stringify(part, withOctets, indent))
  return visible(texts.join(indent === undefined ? ' ' : '\n'), '\n')
}

/** Octets as JSON has them [basic, Binary conversion of JSON Strings]. */
function withOctets (_name, value) {
  return value instanceof Uint8Array ? `\0${btoa(Array.from(value, (octet) => String.fromCharCode(octet)).join(''))}` : value
}

/** A date, or an empty text without one. */
export function dateText (text) {
  const date = new Date(text ?? NaN)
  return Number.isNaN(date.getTime()) ? '–' : date.toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'medium' })
}

/** Has a form done what its submit button says; also by Ctrl+Enter in a field of several lines. */
export function onSubmit (form, act) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    act()
  })
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    form.requestSubmit()
  })
}

/** Asks before something is done that cannot be undone. `act` may reject: its error is shown, and the dialog stays. */
export function confirmBy (dialog, act) {
  const error = dialog.querySelector('.error')
  const fields = dialog.querySelector('fieldset')
  error.textContent = ''
  fields.disabled = false
  dialog.querySelector('form').onsubmit = async (event) => {
    event.preventDefault()
    fields.disabled = true
    error.textContent = ''
    try {
      await act()
      dialog.close()
    } catch (failure) {
      error.textContent = visible(failure.message)
    } finally {
      fields.disabled = false
    }
  }
  dialog.showModal()
}

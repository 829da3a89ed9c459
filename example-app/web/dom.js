export const byId = (id) => document.getElementById(id)

export function setError (form, text = '') {
  byId(`${form}-error`).textContent = text
}

export function on (id, event, act) {
  byId(id).addEventListener(event, (happened) => {
    happened.preventDefault()
    act()
  })
}

/** The text of an error. `invalid` is the text for input that the server rejects. */
export function textOf (error, invalid) {
  return error.error === 'wamp.error.invalid_argument' ? invalid : error.args?.[0] ?? error.message
}

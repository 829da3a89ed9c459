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

/** The text of an error that came by WAMP, or of any other. */
export function textOf (error) {
  return error.args?.[0] ?? error.error ?? error.message
}

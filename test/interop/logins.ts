import { everything } from '../helper/build-router.ts'

/** The options of a router that lets in joe by ticket, WAMP-CRA and cookie, and peter by WAMP-CRA with a salt. */
export const logins = {
  realms: { realm1: { roles: { frontend: everything } } },
  auth: {
    ticket: { type: 'static', principals: { joe: { ticket: 'let me in', role: 'frontend' } } },
    wampcra: {
      type: 'static',
      users: {
        joe: { secret: '123456', role: 'frontend' },
        // What the password "secret1" gives with this salt.
        peter: { secret: 'prq7+YkJ1/KlW1X0YczMHw==', role: 'frontend', salt: 'salt123', iterations: 100, keylen: 16 }
      }
    },
    cookie: {}
  },
  cookie: {}
} as const

/** How joe logs in, unless his cookie is enough. */
export const joe = { authid: 'joe', authmethods: ['cookie', 'wampcra'], secret: '123456' }

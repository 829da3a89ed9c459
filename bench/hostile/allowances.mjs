// What attacks may cost in addition to the bound: see "Tested limits" in docs/security.md.

/** Octets that are made for a client that does not read them, before it is sent no more or given up: `limits.bufferedBytes`, and one answer more. */
export const OWED = 17 * 2 ** 20
/** Scans of the store of logins that a block causes at most: all calls that come before a scan is begun share it. */
export const SCANS = 2

const unread = /not read$|none read$/
const lists = /^wamp\.(?:session|subscription|registration)\.list/
const logins = /^wamp\.login\.list/
const scans = /^wamp\.login\.|revoke_logins$/
const events = /get_retained/

/** True if the attacker does not read the answers. */
export const isUnread = (name) => unread.test(name)
/** True if the calls need a scan of the store of logins. */
export const needsScan = (name) => scans.test(name)
/** What is sent because of an attack: `payloads` are relayed, short `events` are framed one by one, `ids` and `logins` are made for the answer. */
export const sentBy = (name) => logins.test(name) ? 'logins' : lists.test(name) ? 'ids' : events.test(name) ? 'events' : 'payloads'

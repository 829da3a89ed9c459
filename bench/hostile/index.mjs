// What the bench shares with the tests, which count the work of the same attacks on a router in their own process.
export { isUnread, needsScan, OWED, SCANS, sentBy } from './allowances.mjs'
export { startApp } from './app.mjs'
export { catalogue } from './catalogue.mjs'
export { BLOCK } from './frames.mjs'
export { Attacker, PLAIN } from './measure.mjs'
export { Peer } from './peer.mjs'
export { relaying } from './relaying.mjs'

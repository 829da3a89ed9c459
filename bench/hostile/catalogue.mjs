// All attacks. An attack is
//   name       what it is
//   way        how the attacker comes: `join` (by default), `websocket`, `tcp`, or `none`
//   realm, protocol   of the session
//   reads      true if it reads what it is sent; it never does by default
//   fresh      true if it connects anew for each block
//   setUp      (router) prepares the router, and returns what attacks share; `peers` of it read all along
//   arm        prepares an attacker that has connected
//   before     the same before each block; what that costs is not counted
//   message    (n, { peer, attacker, router, shared }) makes the nth message: a list, or its text; a block is as many as fit
//   frame      the same, as octets
//   size       the octets of a block, if it is not one of 64 KiB
//   bare       true if it consists of connections or requests, and is therefore compared with a bare app as well
//   act        instead of all these: does something, and returns the octets for which it counts
//   warm       blocks that are written before any is measured
import { batched } from './batches.mjs'
import { calling, contracted, registering } from './calling.mjs'
import { controls, handshakes, violations } from './connecting.mjs'
import { http } from './http.mjs'
import { meta } from './meta.mjs'
import { parking } from './parking.mjs'
import { payloads } from './payloads.mjs'
import { publishing, subscribing } from './publishing.mjs'

export const catalogue = [...publishing, ...subscribing, ...calling, ...registering, ...contracted, ...parking, ...handshakes, ...violations, ...controls, ...batched, ...http, ...meta, ...payloads]

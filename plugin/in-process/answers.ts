import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/values.ts'
import type { Reply } from './in-process-peer.ts'

/** The last result of a call: its values, or its payload. */
export interface Answer { readonly values: Values, readonly payload: Payload }

// These wait for an answer. A function within a method would keep all that the others in it use, such as the values of a request.
export const publicationOf = (reply: Reply): Id => 'publication' in reply ? reply.publication : reply.request
export const valuesOf = (_reply: Reply, values: Values): Answer => ({ values, payload: Payload.empty })
export const payloadOf = (reply: Reply, values: Values): Answer => ({ values, payload: 'payload' in reply ? reply.payload.detached() : Payload.empty })

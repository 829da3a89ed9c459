import type { StandardCodec } from '../codec/codec.ts'
import type { Publish } from '../protocol/message.ts'
import { MessageType } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict, isPositiveInteger, isString } from '../protocol/wire-value.ts'
import { layoutOf, toMessage } from '../protocol/wire-format.ts'
import type { Publication } from '../routing/publication.ts'
import { Receivers } from '../routing/receivers.ts'
import type { NodeMessage } from './channels.ts'
import { packPayload, unpackPayload } from './payload-fields.ts'

/** A publication as fields and octets of a message between nodes. Throws if no codec can represent the payload. */
export function packPublication (realm: Uri, { id, topic, details, payload, receivers, excluded }: Publication): Pick<NodeMessage, 'fields' | 'octets'> {
  const { fields, octets } = packPayload(payload)
  return { fields: [realm, id, topic, details, receivers?.options ?? null, excluded, ...fields], octets }
}

/** The publication of a message. Null if it is malformed. */
export function unpackPublication (
  { fields, octets }: NodeMessage, codecs: ReadonlyMap<string, StandardCodec>
): { realm: Uri, publication: Publication } | null {
  const [realm, id, topic, details, lists, excluded, ...packed] = fields
  const payload = unpackPayload(packed, octets, codecs)
  if (payload === null || !isString(realm) || !isString(topic) || !isPositiveInteger(id) || !isDict(details)) return null
  if (excluded !== null && !isPositiveInteger(excluded)) return null
  const receivers = toReceivers(lists, topic)
  return receivers === undefined ? null : { realm, publication: { id, topic, details, payload, receivers, excluded } }
}

/** The lists, or null, which are checked like those of a client. Undefined if they are malformed. */
function toReceivers (lists: unknown, topic: Uri): Receivers | null | undefined {
  if (lists === null) return null
  try {
    const { options } = toMessage(layoutOf(MessageType.Publish), [MessageType.Publish, 1, lists, topic], Payload.empty) as Publish
    return Receivers.of(options)
  } catch {
    return undefined
  }
}

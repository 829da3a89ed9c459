import { wireCodecs } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

function separated (subprotocol: string, separator: string, { encode, ...codec }: WireCodec): WireCodec {
  return {
    ...codec,
    name: `JSON in batches with ${JSON.stringify(separator)}`,
    subprotocol,
    encode: (message) => `${encode(message)}${separator}`,
    split: (batch) => batch.toString().split(separator).slice(0, -1).map((text) => Buffer.from(text))
  }
}

/** A codec whose messages are preceded by their length. */
export function prefixed ({ name, subprotocol, encode, ...codec }: WireCodec): WireCodec {
  return {
    ...codec,
    name: `${name} in batches`,
    subprotocol: `${subprotocol}.batched`,
    encode: (message) => {
      const bytes = Buffer.from(encode(message))
      const batch = Buffer.alloc(4 + bytes.length)
      batch.writeUInt32BE(bytes.length)
      bytes.copy(batch, 4)
      return batch
    },
    split: (batch) => {
      const messages: Buffer[] = []
      for (let at = 0; at < batch.length;) {
        const start = at + 4
        at = start + batch.readUInt32BE(at)
        messages.push(batch.subarray(start, at))
      }
      return messages
    }
  }
}

const [json, ...binary] = wireCodecs as [WireCodec, WireCodec, WireCodec]
/** The same in batches; JSON with the separator of the specification, and with that of AutobahnPython. */
export const batchedCodecs: readonly WireCodec[] = [
  ...['\x1e', '\x18'].map((separator) => separated('wamp.2.json.batched', separator, json)), ...binary.map(prefixed)
]

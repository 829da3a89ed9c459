import type { RouterMessage } from '../protocol/message.ts'
import type { Allocate, Codec, Encoder } from './codec.ts'
import { jsonCodec } from './json-codec.ts'

const RECORD_SEPARATOR = 0x1e
// AutobahnPython, and with it Crossbar.io, reads the specification's `\30` as octal.
const CANCEL = 0x18
const LENGTH = 4

/** How the messages of a codec stand in a batch [advanced, Message Batching]. As an encoder it writes batches of one. */
export interface Batching extends Encoder {
  readonly codec: Codec
  readonly typed: Batching | null
  /** Octets that a batch adds to each message. */
  readonly overhead: number
  /** The fault of a batch as a whole, or null if it contains at least one message. */
  faultOf (batch: Buffer): string | null
  /** The messages of a batch without fault. One by one: a client can put a million of them into it. */
  split (batch: Buffer): Iterable<Buffer>
  /** How to answer a client whose first batch this is. */
  answering (batch: Buffer): Batching
}

/** Each message is followed by an octet that cannot occur in JSON. */
class SeparatedBatching implements Batching {
  readonly binary = false
  readonly overhead = 1
  readonly typed = null
  readonly codec: Codec
  readonly #separator: number

  constructor (codec: Codec, separator: number) {
    this.codec = codec
    this.#separator = separator
  }

  encode (message: RouterMessage, allocate: Allocate): Buffer {
    let batch: Buffer = Buffer.alloc(0)
    this.codec.encode(message, (length) => {
      batch = allocate(length + 1)
      batch[batch.length - 1] = this.#separator
      return batch.subarray(0, -1)
    })
    return batch
  }

  faultOf (batch: Buffer): string | null {
    if (batch.length === 0) return 'the batch is empty'
    return isSeparator(batch.at(-1)) ? null : 'the batch does not end with a separator'
  }

  * split (batch: Buffer): Iterable<Buffer> {
    let start = 0
    for (let end = 0; end < batch.length; end++) {
      if (!isSeparator(batch[end])) continue
      yield batch.subarray(start, end)
      start = end + 1
    }
  }

  answering (batch: Buffer): Batching {
    return batch.at(-1) === CANCEL ? canceled : separated
  }
}

/** Each message is preceded by its length, 32 bits, big-endian. */
class PrefixedBatching implements Batching {
  readonly binary = true
  readonly overhead = LENGTH
  readonly typed: Batching | null
  readonly codec: Codec

  constructor (codec: Codec) {
    this.codec = codec
    this.typed = codec.typed === null ? null : new PrefixedBatching(codec.typed)
  }

  encode (message: RouterMessage, allocate: Allocate): Buffer {
    return this.codec.encode(message, (length) => {
      const batch = allocate(LENGTH + length)
      batch.writeUInt32BE(length, batch.length - length - LENGTH)
      return batch
    })
  }

  faultOf (batch: Buffer): string | null {
    if (batch.length === 0) return 'the batch is empty'
    let at = 0
    while (at + LENGTH <= batch.length) at += LENGTH + batch.readUInt32BE(at)
    return at === batch.length ? null : 'the batch ends within a message'
  }

  * split (batch: Buffer): Iterable<Buffer> {
    for (let at = 0; at < batch.length;) {
      const start = at + LENGTH
      at = start + batch.readUInt32BE(at)
      yield batch.subarray(start, at)
    }
  }

  answering (): Batching {
    return this
  }
}

function isSeparator (octet: number | undefined): boolean {
  return octet === RECORD_SEPARATOR || octet === CANCEL
}

const separated: Batching = new SeparatedBatching(jsonCodec, RECORD_SEPARATOR)
const canceled: Batching = new SeparatedBatching(jsonCodec, CANCEL)

/**
 * How the messages of a codec stand in a batch, as long as the client has not shown another way. Null for text that is not JSON, because it
 * may contain the separator.
 */
export function batchingOf (codec: Codec): Batching | null {
  if (codec === jsonCodec) return separated
  return codec.binary ? new PrefixedBatching(codec) : null
}

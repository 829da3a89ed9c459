import type { ClientMessage, RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, EncodedPayload, Kwargs, PayloadCodec, PayloadSubset } from '../protocol/payload.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { clientLayout, toElements, toMessage } from '../protocol/wire-format.ts'
import { OCTETS_OF_UNIT, spend } from '../work.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { EncodingError, mostTranscoded } from './codec.ts'
import type { Allocate, DecodeLimits, Sender, StandardCodec } from './codec.ts'
import { countRead, countWritten, VALUES_OF_UNIT } from './encoding-work.ts'
import { writeValue } from './value-forms.ts'
import type { ValueForms } from './value-forms.ts'

/** How a binary serializer's values are read. `depth` is how many levels of containers a value may have. */
export interface ValueReader {
  /** Opens the message's list, and returns its size. Throws a ProtocolViolation for anything else. */
  openList (reader: ByteReader, depth: number): number
  /** Reads a value. A dict's keys must be strings where `strict`, at every level. */
  read (reader: ByteReader, depth: number, strict: boolean): unknown
  /** Moves over a null. False if something else comes. */
  skipNull (reader: ByteReader): boolean
  /** Checks a list, moves over it and returns its size; -1 if something else comes. */
  skipList (reader: ByteReader, depth: number): number
  /** True if octets come next. */
  startsOctets (reader: ByteReader): boolean
  /** The same as `skipList` of a dict, whose own keys must be strings. */
  skipDict (reader: ByteReader, depth: number): number
  /** Moves over args and kwargs that have been checked. Returns them with typed arrays as octets. Only for a serializer with typed arrays. */
  withoutTypes? (reader: ByteReader, elements: number): Buffer
}

/** A binary serializer: the head of a message is read, args and kwargs are checked and left as a slice. */
export class BinaryCodec implements StandardCodec {
  readonly name: 'msgpack' | 'cbor'
  readonly subprotocol: string
  readonly rawSocketNumber: number
  readonly binary = true
  readonly typed: BinaryCodec | null
  readonly subset: PayloadSubset | null
  readonly #plain: BinaryCodec | null
  readonly #values: ValueReader
  readonly #forms: ValueForms
  readonly #writer = new ByteWriter()
  readonly #emptyList: Buffer

  /** `plain` is the codec for peers that have not sent typed arrays; null if this is it. */
  constructor ({ name, rawSocketNumber, values, forms, plain = null }: { name: 'msgpack' | 'cbor', rawSocketNumber: number, values: ValueReader, forms: ValueForms, plain?: BinaryCodec | null }) {
    const hasTypes = values.withoutTypes !== undefined
    this.typed = hasTypes && plain === null ? new BinaryCodec({ name, rawSocketNumber, values, forms, plain: this }) : null
    this.#plain = plain
    this.subset = plain === null ? null : { codec: plain, convert: (encoded) => this.#withoutTypes(encoded) }
    this.name = name
    this.subprotocol = `wamp.2.${name}`
    this.rawSocketNumber = rawSocketNumber
    this.#values = values
    this.#forms = forms
    this.#emptyList = this.encodePayload([], undefined).bytes
  }

  decode (data: Buffer, limits: DecodeLimits, sender?: Sender): ClientMessage {
    const { depth } = limits
    const values = this.#values
    const reader = new ByteReader(data)
    const size = values.openList(reader, depth)
    if (size === 0) throw new ProtocolViolation('a message must be a non-empty list')
    const code = values.read(reader, 0, true)
    const layout = clientLayout(code)
    const head = Math.min(size, layout.fields.length + 1)
    const elements: unknown[] = [code]
    // Within the message's own list, so one level less.
    for (let i = 1; i < head; i++) elements.push(values.read(reader, depth - 1, true))

    const rest = size - head
    if (rest > (layout.payload ? 2 : 0)) throw new ProtocolViolation(`${layout.name} has too many elements`)
    const payload = rest === 0 ? Payload.empty : this.#payload(reader, limits, layout.name, rest)
    if (reader.remaining > 0) throw new ProtocolViolation('there are extra bytes after the message')
    spend(reader.values / VALUES_OF_UNIT + data.length / OCTETS_OF_UNIT)
    if (reader.typedArrays > 0) sender?.writesTypedArrays()
    return toMessage(layout, elements, payload)
  }

  encode (message: RouterMessage, allocate: Allocate): Buffer {
    try {
      const { elements, bytes } = 'payload' in message ? message.payload.in(this) : Payload.empty.in(this)
      const head = toElements(message)
      const writer = this.#writer
      writer.start()
      this.#forms.listHead(writer, head.length + elements)
      for (const element of head) writeValue(this.#forms, writer, element)

      const length = writer.length + bytes.length
      const buffer = allocate(length)
      const at = buffer.length - length
      writer.copyTo(buffer, at)
      buffer.set(bytes, at + writer.length)
      return buffer
    } catch (error) {
      throw EncodingError.of(error, this.name)
    }
  }

  decodePayload ({ bytes, elements }: EncodedPayload): { args: Args, kwargs: Kwargs } {
    const reader = new ByteReader(bytes)
    try {
      // Their depth was checked when they came in.
      const first = elements > 0 ? this.#values.read(reader, Infinity, false) as Args | Uint8Array : []
      const args = first instanceof Uint8Array ? [first] : first
      const kwargs = elements > 1 ? this.#values.read(reader, Infinity, false) as Kwargs : {}
      return { args, kwargs }
    } finally {
      countRead(reader)
    }
  }

  encodePayload (args: Args | Uint8Array | undefined, kwargs: Kwargs | undefined, most?: number): EncodedPayload {
    const writer = this.#writer
    try {
      writer.start(most)
      writeValue(this.#forms, writer, args ?? [])
      if (kwargs !== undefined) writeValue(this.#forms, writer, kwargs)
      return { elements: kwargs === undefined ? 1 : 2, bytes: writer.toBuffer() }
    } catch (error) {
      throw EncodingError.of(error, this.name)
    } finally {
      countWritten(writer)
    }
  }

  #payload (reader: ByteReader, limits: DecodeLimits, name: string, elements: number): Payload {
    const values = this.#values
    const depth = limits.depth - 1
    const { position: start, typedArrays } = reader
    // AutobahnPython sends null for args that are absent.
    const absent = values.skipNull(reader)
    if (elements === 1 && values.startsOctets(reader)) return this.#octets(reader, limits, start)
    const args = absent ? 0 : values.skipList(reader, depth)
    if (args < 0) throw new ProtocolViolation(`${name}.Arguments is not a list`)
    const middle = reader.position
    const kwargs = elements === 1 ? 0 : values.skipDict(reader, depth)
    if (kwargs < 0) throw new ProtocolViolation(`${name}.ArgumentsKw is not a dict`)

    const codec = this.#codecFor(reader.typedArrays > typedArrays)
    if (kwargs > 0) {
      const bytes = reader.data.subarray(absent ? middle : start, reader.position)
      return Payload.ofBytes(codec, { elements: 2, bytes: absent ? Buffer.concat([this.#emptyList, bytes]) : bytes }, mostTranscoded(limits))
    }
    return args === 0 ? Payload.empty : Payload.ofBytes(codec, { elements: 1, bytes: reader.data.subarray(start, middle) }, mostTranscoded(limits))
  }

  /** The codec whose form a payload with or without typed arrays has. */
  #codecFor (hasTypedArrays: boolean): PayloadCodec {
    if (hasTypedArrays) return this.typed ?? this
    return this.#plain ?? this
  }

  #withoutTypes ({ bytes, elements, ...rest }: EncodedPayload): EncodedPayload {
    const reader = new ByteReader(bytes)
    try {
      return { ...rest, elements, bytes: this.#values.withoutTypes!(reader, elements) }
    } finally {
      countRead(reader)
    }
  }

  /** Octets in place of args. */
  #octets (reader: ByteReader, limits: DecodeLimits, start: number): Payload {
    this.#values.read(reader, 0, true)
    return Payload.ofBytes(this.#codecFor(false), { elements: 1, isOctets: true, bytes: reader.data.subarray(start, reader.position) }, mostTranscoded(limits))
  }
}

import { MAX_ID } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { ClientMessage, EventMessage, Invocation, Result, RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Args, EncodedPayload, Kwargs } from '../protocol/payload.ts'
import { MalformedText, ProtocolViolation } from '../protocol/violation.ts'
import { clientLayout, layoutWithPayload, toElements, toMessage } from '../protocol/wire-format.ts'
import { isDict } from '../protocol/wire-value.ts'
import { spend } from '../work.ts'
import { ByteWriter } from './byte-writer.ts'
import { EncodingError, mostTranscoded } from './codec.ts'
import type { Allocate, DecodeLimits, StandardCodec } from './codec.ts'
import { decimalDigits, writeDecimal } from './decimal.ts'
import { countWritten } from './encoding-work.ts'
import { commaBeforeEmptyDict, dictAfterNull, listEnd, listStart, valuesEnd } from './json-text.ts'
import { JsonScanner } from './json-scanner.ts'
import { isDeeper, isOctetsText, parseValues } from './json-value.ts'
import { writeJson } from './json-writer.ts'
import { readUtf8 } from './utf8.ts'

const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const emptyArgs = Buffer.from('[],')
/** Octets of JSON that are parsed in the time of a unit of work, and octets of a message that are read and parsed. */
const PARSED_OF_UNIT = 16
const READ_OF_UNIT = 12
/** A plain message of this number of octets or less is read faster by the scanner than by JSON.parse. */
const SHORT = 512
/** The octets of an empty list or dict. */
const EMPTY = 2
/** Octets of a message of ids and no details: brackets, a code of two digits, and an empty dict, with two commas. */
const OCTETS_BESIDE_IDS = 8

/**
 * `wamp.2.json`. The whole text is checked once, because nothing malformed may reach another client. Short messages in plain form are scanned.
 * All others are parsed. Args and kwargs are not written again.
 */
class JsonCodec implements StandardCodec {
  readonly name = 'json'
  readonly subprotocol = 'wamp.2.json'
  readonly rawSocketNumber = 1
  readonly binary = false
  readonly typed = null
  readonly #writer = new ByteWriter()
  readonly #scanner = new JsonScanner()

  decode (data: Buffer, limits: DecodeLimits): ClientMessage {
    const { depth } = limits
    spend(data.length / READ_OF_UNIT)
    const plain = data.length <= SHORT ? this.#scan(data, limits) : null
    if (plain !== null) return plain
    const list = parse(data)
    // Every level takes two octets: less cannot be too deep.
    if (data.length > 2 * depth && isDeeper(list, depth)) throw new ProtocolViolation('the message is nested too deeply')

    const layout = clientLayout(list[0])
    const head = layout.fields.length + 1
    if (list.length > head + (layout.payload ? 2 : 0)) throw new ProtocolViolation(`${layout.name} has too many elements`)
    if (list.includes(MAX_ID)) checkGreatestIds(data, list)
    const payload = list.length > head ? this.#payload(data, limits, layout.name, list, head) : Payload.empty
    return toMessage(layout, list, payload)
  }

  #scan (data: Buffer, limits: DecodeLimits): ClientMessage | null {
    try {
      return this.#plain(data, limits)
    } finally {
      this.#scanner.close()
    }
  }

  /** Reads a plain message of a kind that may have a payload; null for any other. */
  #plain (data: Buffer, limits: DecodeLimits): ClientMessage | null {
    const scanner = this.#scanner
    const code = scanner.open(data)
    const layout = layoutWithPayload(code)
    if (layout === undefined) return null
    const elements: unknown[] = [code]
    // Within the message's own list, so one level less.
    const depth = limits.depth - 1
    for (let i = 0; i < layout.fields.length; i++) {
      const value = scanner.comma() ? scanner.value(depth) : undefined
      if (value === undefined) return null
      // It is not too deep, but its lists, dicts and keys count as work.
      if (typeof value === 'object' && value !== noDetails) isDeeper(value, depth)
      elements.push(value)
    }
    const payload = scanner.comma() ? this.#plainPayload(data, limits, depth) : Payload.empty
    return payload !== null && scanner.isAtEnd ? toMessage(layout, elements, payload) : null
  }

  #plainPayload (data: Buffer, limits: DecodeLimits, depth: number): Payload | null {
    const scanner = this.#scanner
    const start = scanner.position
    const args = scanner.list(depth)
    const kwargs = scanner.comma() ? scanner.dict(depth) : 0
    if (args < 0 || kwargs < 0) return null
    if (kwargs > EMPTY) return Payload.ofBytes(this, { elements: 2, bytes: data.subarray(start, scanner.position) }, mostTranscoded(limits))
    if (args === EMPTY) return Payload.empty
    return Payload.ofBytes(this, { elements: 1, bytes: data.subarray(start, start + args) }, mostTranscoded(limits))
  }

  encode (message: RouterMessage, allocate: Allocate): Buffer {
    try {
      switch (message.type) {
        case MessageType.Event:
          if (message.details === noDetails) return this.#withIds(message, message.subscription, message.publication, allocate)
          break
        case MessageType.Invocation:
          if (message.details === noDetails) return this.#withIds(message, message.request, message.registration, allocate)
          break
        case MessageType.Result:
          if (message.details === noDetails) return this.#withIds(message, message.request, null, allocate)
      }
      const { elements, bytes } = 'payload' in message ? message.payload.in(this) : Payload.empty.in(this)
      const writer = this.#writer
      writer.start()
      writeHead(writer, message)
      const length = writer.length + (elements === 0 ? 1 : bytes.length + 2)
      const buffer = allocate(length)
      const at = buffer.length - length
      writer.copyTo(buffer, at)
      return endMessage(buffer, at + writer.length, elements, bytes)
    } catch (error) {
      throw EncodingError.of(error, this.name)
    }
  }

  /** Writes a message of one or two ids and no details. */
  #withIds ({ type, payload }: EventMessage | Invocation | Result, first: Id, second: Id | null, allocate: Allocate): Buffer {
    const { elements, bytes } = payload.in(this)
    const firstDigits = decimalDigits(first)
    const secondDigits = second === null ? 0 : decimalDigits(second)
    const length = OCTETS_BESIDE_IDS + firstDigits + (second === null ? 0 : 1 + secondDigits) + (elements === 0 ? 0 : 1 + bytes.length)
    const buffer = allocate(length)
    let at = buffer.length - length
    buffer[at++] = OPEN_BRACKET
    at = writeDecimal(buffer, at, type, 2)
    buffer[at++] = COMMA
    at = writeDecimal(buffer, at, first, firstDigits)
    if (second !== null) {
      buffer[at++] = COMMA
      at = writeDecimal(buffer, at, second, secondDigits)
    }
    buffer[at++] = COMMA
    buffer[at++] = OPEN_BRACE
    buffer[at++] = CLOSE_BRACE
    return endMessage(buffer, at, elements, bytes)
  }

  decodePayload ({ bytes }: EncodedPayload): { args: Args, kwargs: Kwargs } {
    spend(bytes.length / PARSED_OF_UNIT)
    const [args = [], kwargs = {}] = parseValues(`[${bytes.toString()}]`) as [args?: Args | Uint8Array, kwargs?: Kwargs]
    return { args: args instanceof Uint8Array ? [args] : args, kwargs }
  }

  encodePayload (args: Args | Uint8Array | undefined, kwargs: Kwargs | undefined, most?: number): EncodedPayload {
    const writer = this.#writer
    try {
      writer.start(most)
      writeJson(writer, args ?? [])
      if (kwargs === undefined) return { elements: 1, bytes: writer.toBuffer() }
      writer.octet(COMMA)
      writeJson(writer, kwargs)
      return { elements: 2, bytes: writer.toBuffer() }
    } catch (error) {
      throw EncodingError.of(error, this.name)
    } finally {
      countWritten(writer)
    }
  }

  #payload (data: Buffer, limits: DecodeLimits, name: string, list: readonly unknown[], head: number): Payload {
    const args = list[head]
    const kwargs = list[head + 1]
    // AutobahnPython sends null for args that are absent.
    if (args !== null && !Array.isArray(args)) return this.#octets(data, limits, name, list, head)
    if (list.length > head + 1 && !isDict(kwargs)) throw new ProtocolViolation(`${name}.ArgumentsKw is not a dict`)

    const hasKwargs = isDict(kwargs) && Object.keys(kwargs).length > 0
    if (!hasKwargs && (args === null || args.length === 0)) return Payload.empty
    const start = valuesEnd(data, listStart(data), head) + 1
    const end = kwargs === undefined || hasKwargs ? listEnd(data) : commaBeforeEmptyDict(data)
    const bytes = args === null ? Buffer.concat([emptyArgs, data.subarray(dictAfterNull(data, start), end)]) : data.subarray(start, end)
    return Payload.ofBytes(this, { elements: hasKwargs ? 2 : 1, bytes }, mostTranscoded(limits))
  }

  /** Octets in place of args. */
  #octets (data: Buffer, limits: DecodeLimits, name: string, list: readonly unknown[], head: number): Payload {
    if (list.length > head + 1 || !isOctetsText(list[head])) throw new ProtocolViolation(`${name}.Arguments is not a list`)
    const bytes = data.subarray(valuesEnd(data, listStart(data), head) + 1, listEnd(data))
    return Payload.ofBytes(this, { elements: 1, isOctets: true, bytes }, mostTranscoded(limits))
  }
}

/** The codec of `wamp.2.json`. Towards another serializer integers are exact, up to MAX_INTEGER_BITS. */
export const jsonCodec: StandardCodec = new JsonCodec()

/** Writes the payload and the end of a message after its head, and returns the buffer. */
function endMessage (buffer: Buffer, headEnd: number, elements: EncodedPayload['elements'], bytes: Buffer): Buffer {
  let at = headEnd
  if (elements > 0) {
    buffer[at++] = COMMA
    buffer.set(bytes, at)
    at += bytes.length
  }
  buffer[at] = CLOSE_BRACKET
  return buffer
}

function parse (data: Buffer): unknown[] {
  const text = readUtf8(data, 0, data.length, MalformedText)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new ProtocolViolation('the text is not JSON')
  }
  if (!Array.isArray(value) || value.length === 0) throw new ProtocolViolation('a message must be a non-empty list')
  return value
}

const GREATEST_ID = /^\s*9007199254740992(?:\.0+)?\s*$/

/** JSON.parse rounds other numbers to the greatest id. */
function checkGreatestIds (data: Buffer, list: readonly unknown[]): void {
  let start = listStart(data)
  for (const value of list) {
    const end = valuesEnd(data, start, 1)
    if (value === MAX_ID && !GREATEST_ID.test(data.toString('latin1', start, end))) throw new ProtocolViolation('an id exceeds 2^53')
    start = end + 1
  }
}

/** Writes a message before its payload, without the closing bracket. */
function writeHead (writer: ByteWriter, message: RouterMessage): void {
  writer.octet(OPEN_BRACKET)
  switch (message.type) {
    case MessageType.Event: return writeElements(writer, [36, message.subscription, message.publication, message.details])
    case MessageType.Invocation: return writeElements(writer, [68, message.request, message.registration, message.details])
    case MessageType.Result: return writeElements(writer, [50, message.request, message.details])
    case MessageType.Published: return writeElements(writer, [17, message.request, message.publication])
    default: return writeElements(writer, toElements(message))
  }
}

function writeElements (writer: ByteWriter, elements: readonly unknown[]): void {
  for (let i = 0; i < elements.length; i++) {
    if (i > 0) writer.octet(COMMA)
    writeJson(writer, elements[i])
  }
}

import { OctetReader } from './octet-reader.ts'
import { OctetWriter, writeValue } from './octet-writer.ts'
import type { Forms } from './octet-writer.ts'
import type { Serializer } from './serializer.ts'

/** A serializer that writes the forms of values, and reads a value by `read`. */
export function binarySerializer (subprotocol: string, forms: Forms, read: (reader: OctetReader) => unknown): Serializer {
  const writer = new OctetWriter()
  return {
    subprotocol,
    encode: (message) => {
      writer.take()
      writeValue(forms, writer, message)
      return writer.take()
    },
    decode: (data) => {
      if (typeof data === 'string') throw new TypeError('the message is text')
      const reader = new OctetReader(data)
      const message = read(reader)
      reader.end()
      return message
    }
  }
}

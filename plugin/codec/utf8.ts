import { isUtf8 } from 'node:buffer'
import { ProtocolViolation } from '../protocol/violation.ts'

/** Below this length looking at each octet is cheaper than calling out of JavaScript. */
const SHORT = 64

/** The text of octets that somebody else wrote. Throws a ProtocolViolation, or what is given, if they are not UTF-8. */
export function readUtf8 (data: Buffer, start: number, end: number, Violation = ProtocolViolation): string {
  const length = end - start
  if (length === 0) return ''
  if (length === 1 && data[start]! < 0x80) return String.fromCharCode(data[start]!)
  const text = data.toString('utf8', start, end)
  // Invalid UTF-8 is decoded as U+FFFD, which hardly any text contains.
  if (text.includes('\ufffd')) checkUtf8(data, start, end, Violation)
  return text
}

/** Throws a ProtocolViolation, or what is given, if the octets are not UTF-8. */
export function checkUtf8 (data: Buffer, start: number, end: number, Violation = ProtocolViolation): void {
  if (end - start < SHORT) {
    while (start < end && data[start]! < 0x80) start++
    if (start === end) return
  }
  if (!isUtf8(data.subarray(start, end))) throw new Violation('a text is not UTF-8')
}

/** The octets of text in UTF-8. */
export function lengthOf (text: string): number {
  const { length } = text
  if (length > SHORT) return Buffer.byteLength(text)
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text)
  return length
}

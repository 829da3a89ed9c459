/** A Uint8Array whose memory is not shared with other threads: `Uint8Array<ArrayBuffer>` since TypeScript 5.7, which added the type parameter. */
export type Octets = ReturnType<Uint8Array['slice']>

/** Octets as Base64. */
export function toBase64 (octets: Uint8Array): string {
  return btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(''))
}

/** The octets of Base64. Throws for anything else. */
export function fromBase64 (text: string): Octets {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Octets as hexadecimal digits. */
export function toHex (octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
}

/** The octets of hexadecimal digits. */
export function fromHex (text: string): Octets {
  return Uint8Array.from(text.match(/../g) ?? [], (digits) => parseInt(digits, 16))
}

/** Text as UTF-8. */
export function utf8 (text: string): Octets {
  return new TextEncoder().encode(text)
}

/** The value of octets that are JSON in UTF-8; undefined if they are not. */
export function parsed (octets: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString())
  } catch {
    return undefined
  }
}

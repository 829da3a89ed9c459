// Masked WebSocket frames, built by hand so that the attacker costs little CPU time.

/** Octets of one write. */
export const BLOCK = 65536

/** A frame. The masking key is zero: the payload stands as it is. */
export function frame (body, opcode = 0x81) {
  const n = body.length
  const head = Buffer.alloc(n < 126 ? 6 : n < 65536 ? 8 : 14)
  head[0] = opcode
  head[1] = 0x80 | (n < 126 ? n : n < 65536 ? 126 : 127)
  if (head.length === 8) head.writeUInt16BE(n, 2)
  if (head.length === 14) head.writeBigUInt64BE(BigInt(n), 2)
  return Buffer.concat([head, body])
}

/** A frame of a message in JSON: a list, or its text. */
export const json = (message) => frame(Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)))

/** A block of `make(0)`, `make(1)`, …: as many as fit, and one at least. */
export function fill (make, size = BLOCK) {
  const parts = []
  let left = size
  for (let i = 0; ; i++) {
    const part = make(i)
    if (part.length > left && i > 0) return Buffer.concat(parts)
    parts.push(part)
    left -= part.length
  }
}

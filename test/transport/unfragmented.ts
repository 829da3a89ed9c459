/** WebSocket frames of a server with the fragments of each message joined, as a client's library joins them. */
export function unfragmented (octets: Buffer): Buffer {
  const frames: Buffer[] = []
  let begun: { opcode: number, parts: Buffer[] } | null = null
  for (let at = 0; at < octets.length;) {
    const [first, short] = [octets[at]!, octets[at + 1]!]
    const [header, length] = short < 126 ? [2, short] : short === 126 ? [4, octets.readUInt16BE(at + 2)] : [10, Number(octets.readBigUInt64BE(at + 2))]
    const frame = octets.subarray(at, at + header + length)
    at += header + length
    if ((first & 0x0f) >= 8 || (begun === null && first >= 0x80)) {
      frames.push(frame)
      continue
    }
    if ((begun === null) !== ((first & 0x0f) > 0)) throw new Error('a continuation of nothing, or a message within another one')
    begun ??= { opcode: first, parts: [] }
    begun.parts.push(frame.subarray(header))
    if (first < 0x80) continue
    const content = Buffer.concat(begun.parts)
    const head = Buffer.from([begun.opcode | 0x80, 127, 0, 0, 0, 0, 0, 0, 0, 0])
    head.writeBigUInt64BE(BigInt(content.length), 2)
    frames.push(head, content)
    begun = null
  }
  if (begun !== null) throw new Error('a message without an end')
  return Buffer.concat(frames)
}

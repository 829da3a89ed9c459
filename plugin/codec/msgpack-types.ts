/** First octets of MessagePack values [MessagePack specification, Formats]. Families count up from the first one named. */
export const NIL = 0xc0
export const FALSE = 0xc2
export const TRUE = 0xc3
/** Lengths of 1, 2 and 4 octets. */
export const BIN8 = 0xc4
/** Lengths of 1, 2 and 4 octets. */
export const EXT8 = 0xc7
export const FLOAT32 = 0xca
export const FLOAT64 = 0xcb
/** Values of 1, 2, 4 and 8 octets. */
export const UINT8 = 0xcc
/** Values of 1, 2, 4 and 8 octets. */
export const INT8 = 0xd0
/** Contents of 1, 2, 4, 8 and 16 octets. */
export const FIXEXT1 = 0xd4
/** Lengths of 1, 2 and 4 octets. */
export const STR8 = 0xd9
export const ARRAY16 = 0xdc
export const ARRAY32 = 0xdd
export const MAP16 = 0xde
export const MAP32 = 0xdf

/** The extension type of a point in time. */
export const TIMESTAMP = -1

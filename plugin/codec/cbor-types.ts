/** Major types: the upper three bits of a first octet [RFC 8949, 3.1]. */
export const POSITIVE = 0
export const NEGATIVE = 1
export const OCTETS = 2
export const TEXT = 3
export const LIST = 4
export const DICT = 5
export const TAG = 6
/** Simple values and floats. */
export const SIMPLE = 7

/** First octets of simple values and floats [RFC 8949, 3.3]. */
export const FALSE = 0xf4
export const TRUE = 0xf5
export const NULL = 0xf6
export const UNDEFINED = 0xf7
/** A simple value in an octet of its own. */
export const SIMPLE8 = 0xf8
export const FLOAT16 = 0xf9
export const FLOAT32 = 0xfa
export const FLOAT64 = 0xfb
/** The end of what has no definite length. */
export const BREAK = 0xff

/** Tags [RFC 8949, 3.4]; 64 is the typed array as which some libraries write octets [RFC 8746]. */
export const DATE_TEXT = 0
export const EPOCH = 1
export const BIGNUM = 2
export const NEGATIVE_BIGNUM = 3
export const UINT8_ARRAY = 64
export const SELF_DESCRIBED = 55799

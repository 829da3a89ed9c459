import { utf8 } from './octets.ts'
import type { Octets } from './octets.ts'

/** SHA-256, HMAC and PBKDF2 of this program's own: pages without TLS have no `crypto.subtle`. */

const BLOCK = 64
let tables: [Uint32Array, Uint32Array] | undefined

/** The first words of the fractions of square and cube roots of primes [FIPS 180-4, 4.2.2 and 5.3.3]. */
function primes (): [Uint32Array, Uint32Array] {
  const found: number[] = []
  for (let n = 2; found.length < 64; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  const words = (root: (n: number) => number): Uint32Array => Uint32Array.from(found, (prime) => (root(prime) % 1) * 2 ** 32)
  return [words(Math.sqrt).slice(0, 8), words(Math.cbrt)]
}

function rotate (word: number, bits: number): number {
  return word >>> bits | word << 32 - bits
}

function compress (state: Uint32Array, constants: Uint32Array, words: Uint32Array, view: DataView, at: number): void {
  for (let i = 0; i < 64; i++) {
    if (i < 16) {
      words[i] = view.getUint32(at + 4 * i)
      continue
    }
    const [early, late] = [words[i - 15]!, words[i - 2]!]
    words[i] = words[i - 16]! + words[i - 7]! + (rotate(early, 7) ^ rotate(early, 18) ^ early >>> 3) + (rotate(late, 17) ^ rotate(late, 19) ^ late >>> 10)
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (e & f ^ ~e & g) + constants[i]! + words[i]! | 0
    const second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + (a & b ^ a & c ^ b & c)
    ;[h, g, f, e, d, c, b, a] = [g, f, e, d + first | 0, c, b, a, first + second | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((word, i) => { state[i]! += word })
}

/** The SHA-256 of octets. */
export function sha256 (octets: Uint8Array): Octets {
  const padded = new Uint8Array(Math.ceil((octets.length + 9) / BLOCK) * BLOCK)
  padded.set(octets)
  padded[octets.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(octets.length) * 8n)
  const [initial, constants] = tables ??= primes()
  const state = initial.slice()
  const words = new Uint32Array(64)
  for (let at = 0; at < padded.length; at += BLOCK) compress(state, constants, words, view, at)
  const result = new DataView(new ArrayBuffer(32))
  state.forEach((word, i) => { result.setUint32(4 * i, word) })
  return new Uint8Array(result.buffer)
}

/** HMAC-SHA-256 with one key. */
export function hmacWith (key: Uint8Array): (data: Uint8Array) => Octets {
  const block = new Uint8Array(BLOCK)
  block.set(key.length > BLOCK ? sha256(key) : key)
  const [inner, outer] = [block.map((octet) => octet ^ 0x36), block.map((octet) => octet ^ 0x5c)]
  return (data) => sha256(joined(outer, sha256(joined(inner, data))))
}

/** PBKDF2 with HMAC-SHA-256. */
export function pbkdf2Here (password: string, salt: Uint8Array, iterations: number, length: number): Octets {
  const hmac = hmacWith(utf8(password))
  const derived = new Uint8Array(Math.ceil(length / 32) * 32)
  for (let block = 0; block < derived.length / 32; block++) {
    let last = hmac(joined(salt, Uint8Array.of(0, 0, 0, block + 1)))
    const sum = last.slice()
    for (let i = 1; i < iterations; i++) {
      last = hmac(last)
      for (let at = 0; at < 32; at++) sum[at]! ^= last[at]!
    }
    derived.set(sum, 32 * block)
  }
  return derived.slice(0, length)
}

function joined (first: Uint8Array, second: Uint8Array): Octets {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

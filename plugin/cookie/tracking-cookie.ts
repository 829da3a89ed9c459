import fastifyCookie from '@fastify/cookie'
import type { CookieOptions } from '../cookie-options.ts'
import { keyOf, mayBeKnown } from './cookie-id.ts'

/** The maximum number of cookies with this name that are read. Browsers can be made to send several. */
const MOST_VALUES = 4
/** The maximum number of cookies with this name in a request that logs in or out: the logins of all of them end. */
const MOST_ENDED = 50

/** `serializeCookie` of @fastify/cookie. */
export type SerializeCookie = (name: string, value: string, options: {
  maxAge: number, path: string, httpOnly: boolean, secure: boolean, sameSite: 'strict' | 'lax' | 'none', partitioned: boolean, encode: (value: string) => string
}) => string

/** A value that a browser sent. */
export interface BroughtValue {
  readonly value: string
  /** True if it is signed with a secret other than the first one. */
  readonly renew: boolean
}

/** Reads the cookie from requests and writes it to responses. */
export class TrackingCookie {
  readonly #options: Required<CookieOptions>
  readonly #serialize: SerializeCookie
  /** Null if values are not signed. */
  readonly #signer: InstanceType<typeof fastifyCookie.Signer> | null

  constructor (options: Required<CookieOptions>, serialize: SerializeCookie) {
    const secrets = [options.secret].flat()
    this.#options = options
    this.#serialize = serialize
    this.#signer = secrets.length === 0 ? null : new fastifyCookie.Signer(secrets)
  }

  /** The values of the cookies with this name, in the order of the header. Malformed and unsigned values are skipped. */
  read (header: string | undefined, most = MOST_VALUES): BroughtValue[] {
    const { name } = this.#options
    const values: BroughtValue[] = []
    for (const part of (header ?? '').split(';')) {
      const equals = part.indexOf('=')
      if (equals < 0 || withoutSpace(part.slice(0, equals)) !== name) continue
      const brought = this.#unsign(withoutQuotes(withoutSpace(part.slice(equals + 1))))
      if (brought !== null && values.push(brought) === most) break
    }
    return values
  }

  /** All values, for a request that ends their logins. Throws the refusal if there are too many, because some logins would remain. */
  readAll (header: string | undefined, Refusal: new (why: string) => Error): BroughtValue[] {
    const values = this.read(header, MOST_ENDED + 1)
    if (values.length > MOST_ENDED) throw new Refusal(`is not possible: the request has more than ${MOST_ENDED} cookies of this name`)
    return values
  }

  /** The value of a Set-Cookie header. `secure` is true if the request arrived by https; `maxAge` is in seconds. */
  write (value: string, secure: boolean, maxAge = this.#options.maxAge): string {
    const { name, path, httpOnly, sameSite, partitioned } = this.#options
    return this.#serialize(name, value === '' ? value : this.#signer?.sign(value) ?? value, {
      maxAge,
      path,
      httpOnly,
      sameSite,
      partitioned,
      secure: this.#options.secure === 'auto' ? secure : this.#options.secure,
      // The value needs no escaping, and must be returned unchanged.
      encode: (text) => text
    })
  }

  /** The value of a Set-Cookie header that removes the cookie. */
  remove (secure: boolean): string {
    return this.write('', secure, 0)
  }

  #unsign (sent: string): BroughtValue | null {
    if (!mayBeKnown(this.#signer === null ? sent : sent.slice(0, Math.max(0, sent.lastIndexOf('.'))))) return null
    if (this.#signer === null) return { value: sent, renew: false }
    const { valid, renew, value } = this.#signer.unsign(sent)
    return valid ? { value, renew } : null
  }
}

/** Removes only the space that HTTP allows. A browser does not treat a name with another space in front of `__Host-` as protected. */
function withoutSpace (text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isSpace(text[start])) start++
  while (start < end && isSpace(text[end - 1])) end--
  return text.slice(start, end)
}

function isSpace (character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}

function withoutQuotes (value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

/** The keys of the records of these cookies. */
export function keysOf (values: readonly BroughtValue[]): string[] {
  return values.map(({ value }) => keyOf(value))
}

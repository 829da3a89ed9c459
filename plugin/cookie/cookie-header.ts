import type { CookieOptions } from '../options.ts'

/** A browser can be made to send several cookies of one name; more than these are not looked at. */
const MOST_VALUES = 4

/** The values of all cookies of this name, in the order of the header. What is no cookie is passed over. */
export function readCookies (header: string | undefined, name: string): string[] {
  const values: string[] = []
  for (const part of (header ?? '').split(';')) {
    const equals = part.indexOf('=')
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue
    const value = part.slice(equals + 1).trim()
    values.push(value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value)
    if (values.length === MOST_VALUES) break
  }
  return values
}

/** `fastify.serializeCookie` of @fastify/cookie. */
export type SerializeCookie = (name: string, value: string, options: {
  maxAge: number, path: string, httpOnly: boolean, secure: boolean, sameSite: 'strict' | 'lax' | 'none', encode: (value: string) => string
}) => string

/** The value of a Set-Cookie header. `secure` says whether the request came by https. */
export function setCookie (value: string, options: Required<CookieOptions>, secure: boolean, serialize: SerializeCookie): string {
  const { name, maxAge, path, httpOnly, sameSite } = options
  return serialize(name, value, {
    maxAge,
    path,
    httpOnly,
    sameSite,
    secure: options.secure === 'auto' ? secure : options.secure,
    // The value needs no escapes, and must come back as it went.
    encode: (text) => text
  })
}

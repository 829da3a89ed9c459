import { createHash } from 'node:crypto'
import { randomOctets } from '../protocol/random-octets.ts'

/** The number of characters in the visitor part: 96 bits. */
const VISITOR = 16
const OURS = /^[A-Za-z0-9_-]{38,80}$/
/** A value of our format or of Crossbar.io's: Base64 of 6 to 64 characters. Other values are not looked up. */
const LOOKED_UP = /^[A-Za-z0-9+/_-]{6,80}$/

/** A cookie's value: the visitor part, and a secret that is new each time. */
export function freshValue (length: number, visitor = randomText(VISITOR)): string {
  return visitor + randomText(length)
}

/** The visitor part of a value of our format, or undefined. */
export function visitorOf (value: string): string | undefined {
  return OURS.test(value) ? value.slice(0, VISITOR) : undefined
}

/** True for a value that may have a record. */
export function mayBeKnown (value: string): boolean {
  return LOOKED_UP.test(value)
}

/** The key of a cookie's record. Stores never see the value. */
export function keyOf (value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

/** A key for a new login. Only stored cookie records refer to it. */
export function freshLoginKey (): string {
  return randomOctets(32).toString('hex')
}

/** The key of the login that another router attached to a cookie, derived from the cookie's key. */
export function loginKeyOf (cookie: string): string {
  return keyOf(`fastify-wamp login ${cookie}`)
}

/** The key of the record of a login's last use. */
export function useKeyOf (login: string): string {
  return keyOf(`fastify-wamp use ${login}`)
}

/** The key of the record that refers to the login that has replaced a login. It has the form of a cookie's record, but belongs to no cookie. */
export function successorKeyOf (login: string): string {
  return keyOf(`fastify-wamp successor ${login}`)
}

/** A name for the browser from which the cookie cannot be derived. */
export function pseudonymOf (value: string): string {
  return createHash('sha256').update(`fastify-wamp visitor ${visitorOf(value) ?? value}`).digest('base64url').slice(0, 22)
}

function randomText (characters: number): string {
  return randomOctets(Math.ceil(characters * 0.75)).toString('base64url').slice(0, characters)
}

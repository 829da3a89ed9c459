import { createHash } from 'node:crypto'
import { randomOctets } from '../protocol/random-octets.ts'

/** Characters of the visitor part: 96 bits. */
const VISITOR = 16
const OURS = /^[A-Za-z0-9_-]{38,80}$/
/** Ours, or one that Crossbar.io issued: Base64 of 6 to 64 characters. Nothing else is looked up. */
const LOOKED_UP = /^[A-Za-z0-9+/_-]{6,80}$/

/** A cookie's value as it is handed out: who the browser is, and a secret that is new each time. */
export function freshValue (length: number, visitor = randomText(VISITOR)): string {
  return visitor + randomText(length)
}

/** The visitor part of a value that has our form, or undefined. */
export function visitorOf (value: string): string | undefined {
  return OURS.test(value) ? value.slice(0, VISITOR) : undefined
}

/** True for a value that may have a record. */
export function mayBeKnown (value: string): boolean {
  return LOOKED_UP.test(value)
}

/** The key of a cookie's record: no store ever sees the value. */
export function keyOf (value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

/** A key for a login that is new: nothing leads to it but what is stored. */
export function freshLoginKey (): string {
  return randomOctets(32).toString('hex')
}

/** The key of the login that another router attached to a cookie, given the cookie's key. */
export function loginKeyOf (cookie: string): string {
  return keyOf(`fastify-wamp login ${cookie}`)
}

/** Where it is kept when a login was used last. */
export function useKeyOf (login: string): string {
  return keyOf(`fastify-wamp use ${login}`)
}

/** A name for the browser that leads back to no cookie. */
export function pseudonymOf (value: string): string {
  return createHash('sha256').update(`fastify-wamp visitor ${visitorOf(value) ?? value}`).digest('base64url').slice(0, 22)
}

function randomText (characters: number): string {
  return randomOctets(Math.ceil(characters * 0.75)).toString('base64url').slice(0, characters)
}

import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** The router as attacks see it. */
export interface RouterUnderAttack {
  readonly port: number
  ask (command: string, given?: object): Promise<unknown>
}

/** See catalogue.mjs. */
export interface Attack {
  readonly name: string
  readonly size?: number
  readonly setUp?: (router: RouterUnderAttack) => Promise<unknown>
  readonly message?: (n: number, given: object) => unknown
}

export const catalogue: readonly Attack[]
export const relaying: readonly (Attack & { readonly kind: 'payloads' | 'events' | 'ids' | 'logins' })[]
/** The yardstick's message. */
export const PLAIN: readonly unknown[]
/** Octets of one write. */
export const BLOCK: number

/** See allowances.mjs. */
export const OWED: number
export const SCANS: number
export function isUnread (name: string): boolean
export function needsScan (name: string): boolean
export function sentBy (name: string): 'payloads' | 'events' | 'ids' | 'logins'

export class Attacker {
  readonly peer: Peer | undefined
  constructor (router: RouterUnderAttack, attack: Attack, shared: unknown)
  /** Resolves to what writes the next block, and returns its octets. */
  prepare (): Promise<() => number | Promise<number>>
}

export class Peer {
  readonly socket: Socket
  static join (router: RouterUnderAttack): Promise<Peer>
  ask (message: readonly unknown[]): Promise<unknown[]>
}

export function startApp (): Promise<{
  readonly app: FastifyInstance
  readonly port: number
  received (): number
  sent (): number
  readonly commands: Readonly<Record<string, (given: object) => unknown>>
}>

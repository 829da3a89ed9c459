import { WampError } from '../errors.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { isBoolean, isDict, isNaturalNumber, isString } from '../protocol/wire-value.ts'
import type { Answer, Question } from '../routing/federation.ts'
import type { NodeId } from './node-id.ts'

interface Asked { readonly node: NodeId, resolve (answer: Answer): void, reject (error: WampError): void }

/** The questions that wait for another node are at most this many: more fail at once. */
const MOST_ASKED = 10_000

/** The questions of meta procedures to other nodes. Those to a node that ends, or whose messages were lost, fail. */
export class Questions {
  readonly #answer: (realm: Uri, question: Question) => Promise<Answer> | null
  readonly #send: (to: NodeId, kind: string, fields: readonly unknown[]) => boolean
  readonly #asked = new Map<number, Asked>()
  #last = 0

  constructor ({ answer, send }: {
    /** Answers a question about a realm; null if there is no such realm. */
    answer: (realm: Uri, question: Question) => Promise<Answer> | null
    /** Sends a message to a node. False if it cannot be reached. */
    send: (to: NodeId, kind: string, fields: readonly unknown[]) => boolean
  }) {
    this.#answer = answer
    this.#send = send
  }

  ask (node: NodeId, realm: Uri, { name, args, kwargs, isTrusted }: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const number = ++this.#last
      if (this.#asked.size >= MOST_ASKED || !this.#send(node, 'ask', [number, realm, name, args, kwargs, isTrusted])) return reject(unreachable())
      this.#asked.set(number, { node, resolve, reject })
    })
  }

  /** Takes a message of another node. False if it is malformed, undefined if it is of another kind. */
  take (from: NodeId, kind: string, [number, ...fields]: readonly unknown[]): boolean | undefined {
    if (kind !== 'ask' && kind !== 'told' && kind !== 'refused') return undefined
    if (!isNaturalNumber(number)) return false
    if (kind === 'ask') return this.#wasAsked(from, number, fields)
    const [first, second] = fields
    const asked = this.#asked.get(number)
    if (asked === undefined || asked.node !== from) return true
    if (kind === 'told') {
      if (!Array.isArray(first) || !isDict(second)) return false
      asked.resolve({ args: first, kwargs: second })
    } else {
      if (!isString(first) || !Array.isArray(second)) return false
      asked.reject(new WampError(first, { args: second }))
    }
    this.#asked.delete(number)
    return true
  }

  /** A node has ended, or messages of it were lost. */
  lost (node: NodeId): void {
    for (const [number, asked] of this.#asked) {
      if (asked.node !== node) continue
      this.#asked.delete(number)
      asked.reject(unreachable())
    }
  }

  #wasAsked (from: NodeId, number: number, [realm, name, args, kwargs, isTrusted]: readonly unknown[]): boolean {
    if (!isString(realm) || !isString(name) || !Array.isArray(args) || !isDict(kwargs) || !isBoolean(isTrusted)) return false
    const answer = this.#answer(realm, { name, args: args as Args, kwargs: kwargs as Kwargs, isTrusted })
    if (answer === null) this.#send(from, 'refused', [number, reasons.noSuchRealm, []])
    else answer.then(({ args, kwargs }) => this.#send(from, 'told', [number, args, kwargs]), (error: unknown) => this.#refuse(from, number, error))
    return true
  }

  #refuse (from: NodeId, number: number, error: unknown): void {
    const [uri, args] = error instanceof WampError ? [error.error, error.args] : [reasons.runtimeError, []]
    this.#send(from, 'refused', [number, uri, args])
  }
}

function unreachable (): WampError {
  return new WampError(reasons.networkFailure, { args: ['another node of the cluster cannot be reached'] })
}

import type { ServerHttp2Stream } from 'node:http2'
import type { FastifyReply } from 'fastify'
import { cancel } from './exchange.ts'

/** The part of a response, of HTTP/1.1 or a stream of HTTP/2, that shows how much of it has been sent. */
interface Outflow {
  readonly writableLength: number
  once (event: 'finish', callback: () => void): unknown
}
/** Observes whether a response has been sent. */
export class PollResponse {
  readonly #outflow: Outflow
  readonly #isCut: () => boolean
  readonly #cut: () => void
  #state: 'pending' | 'finished' = 'pending'

  constructor ({ raw, request }: FastifyReply) {
    // Over HTTP/2, the response object reports that it has finished even if its stream was reset.
    const { stream } = raw as { readonly stream?: ServerHttp2Stream }
    const { socket } = request.raw as { readonly socket?: { readonly destroyed: boolean, destroy (): unknown } }
    this.#outflow = stream ?? raw
    this.#isCut = () => stream === undefined ? socket?.destroyed === true : stream.rstCode !== 0
    this.#cut = () => {
      if (stream === undefined) socket?.destroy()
      else cancel(stream)
    }
    this.#outflow.once('finish', () => { this.#state = 'finished' })
  }

  /** The octets that have not left this process. */
  get unsent (): number { return this.#outflow.writableLength }

  /** True if all octets have left this process. Known when the response has ended: a write that fails also finishes the response. */
  get isSent (): boolean { return this.#state === 'finished' && !this.#isCut() }

  /** Ends a response that has not been sent: the stream over HTTP/2, the connection over HTTP/1.1. */
  cut (): void {
    this.#cut()
  }
}

import type { FastifyReply } from 'fastify'

/** The part of a response, of HTTP/1.1 or a stream of HTTP/2, that shows how much of it has been sent. */
interface Outflow {
  readonly writableLength: number
  once (event: 'finish', callback: () => void): unknown
}
type Http2Stream = Outflow & { readonly rstCode: number }

/** Observes whether a response has been sent. */
export class PollResponse {
  readonly #outflow: Outflow
  readonly #isCut: () => boolean
  #state: 'pending' | 'finished' = 'pending'

  constructor ({ raw, request }: FastifyReply) {
    // Over HTTP/2, the response object reports that it has finished even if its stream was reset.
    const { stream } = raw as { readonly stream?: Http2Stream }
    const { socket } = request.raw as { readonly socket?: { readonly destroyed: boolean } }
    this.#outflow = stream ?? raw
    this.#isCut = () => stream === undefined ? socket?.destroyed === true : stream.rstCode !== 0
    this.#outflow.once('finish', () => { this.#state = 'finished' })
  }

  /** The octets that have not left this process. */
  get unsent (): number { return this.#outflow.writableLength }

  /** True if all octets have left this process. Known when the response has ended: a write that fails also finishes the response. */
  get isSent (): boolean { return this.#state === 'finished' && !this.#isCut() }
}

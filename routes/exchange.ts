import type { IncomingMessage, ServerResponse } from 'node:http'
import { constants } from 'node:http2'
import type { ServerHttp2Stream } from 'node:http2'

/** The number of checks that a client has to read what waits for it. */
const MOST_CHECKS = 20
/** The number of successive checks without progress after the first. The kernel may take a few MiB at once, so progress comes in steps. */
const MOST_STILL = 2

/** Something that waits for a client to read it. */
export class Reading {
  #checks = 0
  #still = 0

  /** Called at regular intervals, with whether the client has read anything since the last call. Returns true if it has had its time. */
  isOver (moved: boolean): boolean {
    this.#still = moved || this.#checks === 0 ? 0 : this.#still + 1
    return this.#still >= MOST_STILL || this.#checks++ >= MOST_CHECKS
  }

  /** Starts again. */
  reset (): void {
    this.#checks = 0
  }
}

/** The parts of a request and its response that differ between HTTP/1.1 and HTTP/2. */
interface ExchangeParts {
  readonly response: ServerResponse | ServerHttp2Stream
  /** True if the request has arrived completely. */
  readonly hasArrived: () => boolean
  /** True if the response is the next one on its connection. Over HTTP/1.1, others may come before it. */
  readonly isNext: () => boolean
  /** Ends both. */
  readonly cut: () => void
}

/** A request and its response, on a connection of HTTP/1.1 or on a stream of HTTP/2. */
export class Exchange {
  readonly #parts: ExchangeParts
  readonly #reading = new Reading()
  #state: 'open' | 'cut' = 'open'

  private constructor (parts: ExchangeParts) {
    this.#parts = parts
    // A response that is not complete may be read for as long as the client reads it.
    parts.response.on('drain', () => { this.#reading.reset() })
  }

  static http1 (request: IncomingMessage, response: ServerResponse): Exchange {
    const { socket } = request
    return new Exchange({ response, hasArrived: () => request.complete, isNext: () => response.socket !== null, cut: () => { socket.destroy() } })
  }

  /** An upgrade request. Node.js does not read a body of it. */
  static upgrade ({ socket }: IncomingMessage, response: ServerResponse): Exchange {
    return new Exchange({ response, hasArrived: () => true, isNext: () => true, cut: () => { socket.destroy() } })
  }

  static http2 (stream: ServerHttp2Stream): Exchange {
    return new Exchange({ response: stream, hasArrived: () => hasArrived(stream), isNext: () => true, cut: () => { cancel(stream) } })
  }

  /**
   * Ends the exchange if it waits for the client: if the request is incomplete, or if the client does not read the response. `moved` is true
   * if the client has read something on its connection since the last check. Returns false if the exchange was ended by an earlier
   * check, but its end cannot be sent.
   */
  check (moved: boolean): boolean {
    const { response, hasArrived, isNext, cut } = this.#parts
    if (this.#state === 'cut') return false
    const waits = isNext() && (response.writableEnded || response.writableNeedDrain)
    if (!waits) this.#reading.reset()
    if (!hasArrived() || (waits && this.#reading.isOver(moved))) {
      this.#state = 'cut'
      cut()
    }
    return true
  }
}

/** True if the client has sent the end of a stream, regardless of whether it has been read. */
export function hasArrived ({ state }: ServerHttp2Stream): boolean {
  return state.remoteClose === 1
}

/** Resets a stream. */
export function cancel (stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_CANCEL)
}

import { EventEmitter } from 'node:events'
import type { WebSocket } from 'ws'
import { SLICE } from './framing.ts'
import type { Sink } from './link.ts'

/** Sends whole messages through `ws`, for a connection whose stream is not available. Emits `drain` like a stream. */
export class MessageSink extends EventEmitter implements Sink {
  readonly #socket: WebSocket
  readonly #binary: boolean
  #state: 'free' | 'full' = 'free'

  constructor (socket: WebSocket, binary: boolean) {
    super()
    this.#socket = socket
    this.#binary = binary
  }

  get writableLength (): number { return this.#socket.bufferedAmount }

  get writableNeedDrain (): boolean { return this.#state === 'full' }

  write (message: Buffer): void {
    this.#socket.send(message, { binary: this.#binary }, () => { this.#written() })
    if (this.writableLength >= SLICE) this.#state = 'full'
  }

  cork (): void {}
  uncork (): void {}

  #written (): void {
    if (this.#state === 'free' || this.writableLength > 0) return
    this.#state = 'free'
    this.emit('drain')
  }
}

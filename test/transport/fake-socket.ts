import { EventEmitter } from 'node:events'

/** A stream that keeps what is written, and may be behind. */
export class FakeStream extends EventEmitter {
  readonly writes: Buffer[] = []
  writableLength = 0
  bytesRead = 0
  get writableNeedDrain (): boolean { return this.writableLength > 0 }
  corked = 0
  destroyedBy: Error | undefined
  destroy (error?: Error): void { this.destroyedBy = error }
  write (chunk: Buffer): boolean { this.writes.push(chunk); return true }
  cork (): void { this.corked++ }
  uncork (): void { this.corked-- }
}

/** A WebSocket that keeps what is done with it. */
export class FakeSocket extends EventEmitter {
  readyState = 1
  bufferedAmount = 0
  readonly sent: unknown[] = []
  send (data: Buffer, options: object, _done?: () => void): void { this.sent.push([data.toString(), options]) }
  close (code: number): void { this.sent.push(code) }
  terminate (): void { this.sent.push('terminated') }
  ping (): void { this.sent.push('ping') }
  pause (): void { this.sent.push('paused') }
  resume (): void { this.sent.push('resumed') }
}

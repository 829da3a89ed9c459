import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { HostileWriter } from './hostile-octets.ts'

/** Where a hostile value stands: as the one positional argument, or by a name. */
export type Place = 'args' | 'kwargs'

/** The type of a message and the two integers after it, as far as they are integers: all that need be known of an answer. */
export type Head = readonly [type: number, first: number, second: number]

/** An integer as MessagePack or CBOR writes it, and where it ends; -1 for anything else. */
function integerAt (data: Buffer, at: number, name: 'msgpack' | 'cbor'): [value: number, end: number] {
  const first = data[at] ?? 0xff
  if (first < (name === 'msgpack' ? 0x80 : 24)) return [first, at + 1]
  const width = first - (name === 'msgpack' ? 0xcc : 24)
  if (width < 0 || width > 3) return [-1, at]
  return [width === 3 ? Number(data.readBigUInt64BE(at + 1)) : data.readUIntBE(at + 1, 2 ** width), at + 1 + 2 ** width]
}

function headOf (data: Buffer, name: HostileWriter['name']): Head {
  if (name === 'json') return JSON.parse(data.toString()) as Head
  const [type, afterType] = integerAt(data, 1, name)
  const [first, afterFirst] = integerAt(data, afterType, name)
  const [second] = integerAt(data, afterFirst, name)
  return [type, first, second]
}

/** A client that writes its payloads by hand. It answers each invocation as it is told to. */
export class HostileClient {
  readonly #socket: WebSocket
  readonly #writer: HostileWriter
  readonly #waiting = new Map<string, { resolve (head: Head): void, reject (error: Error): void }>()
  #request = 0
  #invoked: (invocation: number) => void = () => {}
  /** True while the router has not closed the connection. */
  isOpen = true

  constructor (socket: WebSocket, writer: HostileWriter) {
    this.#socket = socket
    this.#writer = writer
    socket.on('message', (data: Buffer) => { this.#take(headOf(data, writer.name)) })
    socket.on('close', () => {
      this.isOpen = false
      for (const { reject } of this.#waiting.values()) reject(new Error('the router closed the connection'))
    })
  }

  static async connect (t: Test, url: string, writer: HostileWriter): Promise<HostileClient> {
    const socket = new WebSocket(url, `wamp.2.${writer.name}`)
    t.teardown(() => { socket.terminate() })
    const client = new HostileClient(socket, writer)
    await new Promise((resolve, reject) => { socket.once('open', resolve).once('error', reject) })
    return client
  }

  /** Says HELLO. Resolves to the type of what answers it. */
  async hello (extra?: Buffer): Promise<number> {
    const { write, dict } = this.#writer
    const roles = { caller: { features: { progressive_call_results: true } }, callee: { features: { progressive_call_results: true } }, publisher: {}, subscriber: {} }
    const details = dict([[write('roles'), write(roles)], ...(extra === undefined ? [] : [[write('authextra'), dict([[write('x'), extra]])] as const])])
    const answer = this.#answer('2', '3', '4')
    this.#send([1, 'realm1'], details)
    return (await answer)[0]
  }

  /** Sends a request whose payload ends with hostile octets. Resolves to its answer. */
  async ask (type: number, options: object, uri: string, ...payload: Buffer[]): Promise<Head> {
    const request = ++this.#request
    const answer = this.#answer(`request ${request}`)
    this.#send([type, request, options, uri], ...payload)
    return await answer
  }

  /** From now on it answers each invocation by this. */
  answerBy (answer: (invocation: number) => void): void {
    this.#invoked = answer
  }

  /** Resolves when it has answered the next invocation. */
  nextInvocation (): Promise<void> {
    const answer = this.#invoked
    return new Promise((resolve) => {
      this.#invoked = (invocation) => {
        this.#invoked = answer
        answer(invocation)
        resolve()
      }
    })
  }

  yield (invocation: number, options: object, ...payload: Buffer[]): void {
    this.#send([70, invocation, options], ...payload)
  }

  error (invocation: number, error: string, ...payload: Buffer[]): void {
    this.#send([8, 68, invocation, {}, error], ...payload)
  }

  leave (): void {
    this.#send([6, {}, 'wamp.close.close_realm'])
  }

  /** The octets of args, and kwargs, that hold a value. */
  payload (value: Buffer, place: Place): Buffer[] {
    const { list, dict, write } = this.#writer
    return place === 'args' ? [list([value])] : [list([]), dict([[write('k'), value]])]
  }

  #send (head: readonly unknown[], ...rest: Buffer[]): void {
    const { list, write, name } = this.#writer
    this.#socket.send(list([...head.map(write), ...rest]), { binary: name !== 'json' })
  }

  #take (head: Head): void {
    const [type, first, second] = head
    if (type === 68) return this.#invoked(first)
    const key = type === 8 ? `request ${second}` : type < 8 ? `${type}` : `request ${first}`
    this.#waiting.get(key)?.resolve(head)
    this.#waiting.delete(key)
  }

  /** What answers by one of these keys. */
  #answer (...keys: string[]): Promise<Head> {
    return new Promise((resolve, reject) => { for (const key of keys) this.#waiting.set(key, { resolve, reject }) })
  }
}

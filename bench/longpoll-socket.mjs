// A long-poll client that looks like a socket: what is written is sent as a batch, one request at a time, and the batches of the
// responses are its data. It uses two connections, one for each direction, and reads only as much of HTTP as the load needs.
import { EventEmitter } from 'node:events'
import net from 'node:net'

/** One connection, on which one request is made at a time. */
class HttpConnection {
  #head
  #rest = null
  #answered = () => {}

  /** `failed` is called if the connection ends while a request waits. */
  constructor (url, failed) {
    this.#head = ` HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: `
    this.socket = net.connect({ host: url.hostname, port: Number(url.port), noDelay: true })
    this.socket.on('data', (chunk) => { this.#read(chunk) }).on('error', failed).on('close', failed)
  }

  /** Calls `answered` with the status and the body. */
  post (path, body, answered) {
    this.#answered = answered
    this.socket.write(Buffer.concat([Buffer.from(`POST ${path}${this.#head}${body.length}\r\n\r\n`), body]))
  }

  #read (chunk) {
    const b = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    const end = b.indexOf('\r\n\r\n')
    const text = end < 0 ? '' : b.latin1Slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    this.#rest = b
    if (end < 0 || b.length < end + 4 + length) return
    this.#rest = null
    this.#answered(Number(text.slice(9, 12)), b.subarray(end + 4))
  }
}

export class LongPollSocket extends EventEmitter {
  #path
  #sender
  #receiver
  #waiting = []
  #state = 'idle'

  /** `url` has the base path of the routes. */
  constructor (url) {
    super()
    const failed = () => { this.destroy() }
    this.#path = url.pathname
    this.#sender = new HttpConnection(url, failed)
    this.#receiver = new HttpConnection(url, failed)
  }

  /** Opens a transport for a subprotocol. */
  async open (protocol) {
    const [status, body] = await new Promise((resolve) => { this.#sender.post(`${this.#path}/open`, Buffer.from(JSON.stringify({ protocols: [protocol] })), (...answer) => { resolve(answer) }) })
    if (status !== 200) throw new Error(`no transport: ${status} ${body}`)
    this.#path += `/${JSON.parse(body).transport}`
    this.#receive()
  }

  write (octets) {
    this.#waiting.push(octets)
    if (this.#state === 'idle') this.#send()
  }

  destroy () {
    if (this.#state === 'destroyed') return
    this.#state = 'destroyed'
    this.#sender.socket.destroy()
    this.#receiver.socket.destroy()
    this.emit('close')
  }

  #send () {
    const batch = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#state = 'sending'
    this.#sender.post(`${this.#path}/send`, batch, (status, body) => {
      if (status !== 204) return this.emit('error', new Error(`not sent: ${status} ${body}`))
      this.#state = 'idle'
      if (this.#waiting.length > 0) this.#send()
    })
  }

  #receive () {
    this.#receiver.post(`${this.#path}/receive`, Buffer.alloc(0), (status, body) => {
      if (status === 404) return this.destroy()
      this.#receive()
      if (status === 200) this.emit('data', body)
    })
  }
}

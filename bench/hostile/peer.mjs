// A raw client: attackers, and the peers that attacks need.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { formats } from '../wire.mjs'
import { frame } from './frames.mjs'

const all = (...features) => ({ features: Object.fromEntries(features.map((name) => [name, true])) })
export const roles = {
  publisher: all('payload_passthru_mode'),
  subscriber: all('subscription_revocation'),
  caller: all('progressive_call_results', 'progressive_call_invocations', 'call_canceling', 'call_timeout'),
  callee: all('progressive_call_results', 'progressive_call_invocations', 'call_canceling')
}

export class Peer {
  state = 'open'
  socket
  #rest = Buffer.alloc(0)
  #hear = null

  /** A connection without any protocol. */
  static async tcp ({ port }) {
    const peer = new Peer()
    peer.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    peer.socket.on('error', () => {})
    peer.socket.once('close', () => { peer.state = 'closed' })
    await new Promise((resolve, reject) => {
      peer.socket.once('connect', resolve)
      peer.socket.once('close', () => { reject(new Error('no connection')) })
    })
    return peer
  }

  /** A WebSocket without a session. */
  static async websocket (router, { protocol = 'wamp.2.json' } = {}) {
    const peer = await Peer.tcp(router)
    const opened = new Promise((resolve, reject) => {
      peer.socket.once('data', (data) => { data.includes('HTTP/1.1 101') ? resolve() : reject(new Error(data.toString().split('\r\n')[0])) })
      peer.socket.once('close', () => { reject(new Error('no upgrade')) })
    })
    peer.socket.write(upgrade(protocol))
    await opened
    return peer
  }

  /** A session, by default in JSON. `ask` and `hear` work in JSON only. */
  static async join (router, { realm = 'realm1', protocol = 'wamp.2.json' } = {}) {
    const peer = await Peer.websocket(router, { protocol })
    const hello = [1, realm, { roles }]
    if (protocol === 'wamp.2.json') {
      const [type, id] = await peer.ask(hello)
      if (type !== 2) throw new Error('not welcome')
      peer.id = id
      return peer
    }
    const { encode, opcode } = Object.values(formats).find(({ subprotocol }) => protocol.startsWith(subprotocol))
    const body = encode(hello)
    const welcome = new Promise((resolve) => { peer.socket.once('data', resolve) })
    peer.socket.write(frame(protocol.endsWith('.batched') ? Buffer.concat([body, Buffer.from([0x1e])]) : Buffer.from(body), opcode))
    await welcome
    return peer
  }

  /** Sends a message in JSON, and resolves to the next one. */
  async ask (message) {
    const answer = new Promise((resolve, reject) => {
      const closed = () => { reject(new Error('closed')) }
      this.hear((heard) => {
        this.#hear = null
        this.socket.off('close', closed)
        resolve(heard)
      })
      this.socket.once('close', closed)
    })
    this.socket.write(frame(Buffer.from(JSON.stringify(message))))
    return await answer
  }

  /** From now on the listener gets each message. */
  hear (listener) {
    this.#hear = listener
    this.socket.removeAllListeners('data')
    this.socket.on('data', (data) => { this.#take(data) })
    this.socket.resume()
  }

  /** From now on, drops all input (`read`), or stops reading the socket. */
  ignore (how) {
    this.socket.removeAllListeners('data')
    if (how === 'read') this.socket.on('data', () => {})
    else this.socket.pause()
  }

  #take (data) {
    let rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data])
    for (;;) {
      const short = rest.length < 2 ? 0 : rest[1]
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (rest.length < 2 || rest.length < head) break
      const end = head + (short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2)))
      if (rest.length < end) break
      if ((rest[0] & 15) === 1) this.#hear?.(JSON.parse(rest.toString('utf8', head, end)))
      rest = rest.subarray(end)
    }
    this.#rest = rest
  }
}

/** An upgrade request. */
export function upgrade (protocol = 'wamp.2.json') {
  return `GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`
}

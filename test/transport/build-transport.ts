import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { codecs } from '../../plugin/codec/codecs.ts'
import { WholeMessages } from '../../plugin/transport/framing.ts'
import { RemoteTransport } from '../../plugin/transport/remote-transport.ts'
import { WebsocketFraming } from '../../plugin/transport/websocket-framing.ts'
import { WebsocketLink } from '../../plugin/transport/websocket-link.ts'
import { FakeSocket, FakeStream } from './fake-socket.ts'

const codec = codecs.get('wamp.2.json')!

/** A transport over a socket and a stream that keep what is done with them. */
export function build ({ withStream = true, bufferedEventBytes = 1000, bufferedBytes = 2000, messagesPerSecond = 0, bytesPerSecond = 0 } = {}) {
  const [socket, stream, logged, heard] = [new FakeSocket(), new FakeStream(), [] as string[], [] as unknown[]]
  const levels: string[] = []
  const line = (level: string) => (...all: unknown[]): void => { levels.push(level); logged.push(String(all.at(-1))) }
  const framing = withStream ? new WebsocketFraming(codec) : new WholeMessages(codec)
  const transport = new RemoteTransport({
    link: new WebsocketLink({
      socket: socket as unknown as WebSocket,
      stream: withStream ? stream as unknown as Socket : null,
      binary: codec.binary,
      details: { type: 'websocket', protocol: 'wamp.2.json' }
    }),
    codec,
    framing,
    limits: { depth: 10, messageSize: 2 ** 20, bufferedEventBytes, bufferedBytes, messagesPerSecond, bytesPerSecond }
  })
  const log = { warn: line('warn'), error: line('error'), info: line('info'), debug: line('debug') }
  transport.listen({ log, receive: (message) => { heard.push(message.type) }, fail: ({ message }) => { heard.push(message) }, congested: ({ dropped }) => { heard.push(`dropped ${dropped}`) }, closed: () => { heard.push('closed') } })
  return { transport, socket, stream, logged, levels, heard, framing }
}

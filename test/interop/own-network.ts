// A router and a client in a network of their own: `unshare --net node own-network.ts slow` or `… pulled`. With a certificate and a key
// in the environment they speak TLS. Says what became of the client: it has a long event, or it was cut off.
import { execFileSync } from 'node:child_process'
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import wampPlugin, { wampChannels } from 'fastify-wamp'
import { WebSocket } from 'ws'
import { everything } from '../helper/build-router.ts'

const { CERT: cert, KEY: key } = process.env
const lines: string[] = []
execFileSync('ip', ['link', 'set', 'lo', 'up'])
// A slow line lasts far longer than buffers do: here they are as small as the line is fast.
for (const name of ['tcp_wmem', 'tcp_rmem']) writeFileSync(`/proc/sys/net/ipv4/${name}`, '4096 65536 131072')

const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push((JSON.parse(line) as { msg: string }).msg) } } }, https: cert === undefined || key === undefined ? null : { cert, key } })
await app.register(wampPlugin, { pingInterval: 500, limits: { messageSize: 32_000_000, bufferedEventBytes: 32_000_000, bufferedBytes: 64_000_000 }, realms: { realm1: { roles: { anonymous: everything } } } })
const url = await app.listen({ port: 0, host: '127.0.0.1' })

const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, 'wamp.2.json', { rejectUnauthorized: false })
const upgrade = once(socket, 'upgrade')
await once(socket, 'open')
const [{ socket: stream }] = await upgrade as [{ socket: Readable }]
socket.send('[1,"realm1",{"roles":{"subscriber":{}}}]')
await once(socket, 'message')
socket.send('[32,1,{},"com.example.news"]')
await once(socket, 'message')

const backend = app.wamp.join('realm1')
const left = new Promise<string>((resolve) => { subscribe(wampChannels.sessionLeft, () => { resolve(lines.find((line) => line.includes('a ping')) ?? 'left') }) })
process.stdout.write(`${await Promise.race([left, process.argv[2] === 'slow' ? readSlowly() : pullCable()])}\n`)
process.exit()

async function readSlowly (): Promise<string> {
  const whole = once(socket, 'message') as Promise<[Buffer]>
  backend.publish('com.example.news', ['y'.repeat(6_000_000)]).catch(() => {})
  stream.on('data', () => {
    socket.pause()
    setTimeout(10).then(() => { socket.resume() }, () => {})
  })
  return `${(await whole)[0].length > 6_000_000 ? 'the whole' : 'a part'} of a long event`
}

async function pullCable (): Promise<never> {
  execFileSync('ip', ['link', 'set', 'lo', 'down'])
  // What leaves, leaves into the buffers of this system.
  for (;;) {
    backend.publish('com.example.news', ['hello']).catch(() => {})
    await setTimeout(20)
  }
}

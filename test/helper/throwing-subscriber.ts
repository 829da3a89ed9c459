// An app in a process of its own, since nothing but the process is told of what a subscriber throws.
import { subscribe } from 'node:diagnostics_channel'
import Fastify from 'fastify'
import wampPlugin, { wampChannels } from 'fastify-wamp'
import type { CallMessage } from 'fastify-wamp'

const reported: string[] = []
process.on('uncaughtException', ({ message }) => { reported.push(message) })
subscribe(wampChannels.callStarted, (message) => { throw new Error(`a bug about ${(message as CallMessage).procedure}`) })

const app = Fastify()
await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
await app.ready()
const session = app.wamp.join('realm1')
await session.register<[number, number]>('com.example.add2', ({ args: [x, y] }) => x + y)
const sum = await session.call('com.example.add2', [2, 3])
await app.close()
process.stdout.write(JSON.stringify({ reported, sum }))

// A router that stops by a signal, and says where it listens. Usage: restarting-app.ts PORT
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

const app = Fastify()
await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
app.get('/', async (_request, reply) => await reply.type('text/html').send('<!doctype html><title>A page that stays open</title>'))
process.once('SIGTERM', () => { app.close() })
process.stdout.write(`${await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })}\n`)

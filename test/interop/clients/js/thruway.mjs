// A client of thruway.js. See ../client.ts for what each of these programs does.
import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)
// It was written for a page, or for what stands for one.
global.WebSocket = require('ws').WebSocket
const { Client } = require('thruway.js')

const [, , url, , method] = process.argv
const session = new Client(url, 'realm1', method === 'anonymous' ? { authmethods: ['anonymous'] } : { authid: 'joe', authmethods: [method] })
session.onChallenge((challenge) => challenge.map(() => 'let me in'))
session.register('com.client.echo', (args, kwargs) => [args, kwargs], { extended: true }).subscribe()
session.topic('com.client.news').subscribe(({ args, argskw }) => { session.publish('com.client.heard', [args, argskw]) })
session.call('com.app.greet', ['Grüße']).subscribe(({ args }) => { session.publish('com.client.result', args[0]) })

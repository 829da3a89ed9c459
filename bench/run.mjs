#!/usr/bin/env node
// Measures this router beside the limit of what Node.js and `ws` allow, and writes bench/results.md.
// Usage: npm run bench -- [--runs 5] [--seconds 5]
// With --quick, it compares the most important ratios with their bounds (bounds.mjs) in less than three minutes, writes no page, and exits with 1
// if a ratio is beyond its bound.
import { execFileSync } from 'node:child_process'
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bounds, TOLERANCE } from './bounds.mjs'
import { setUpPeers } from './peers.mjs'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seconds: { type: 'string' }, quick: { type: 'boolean', default: false } } })
values.runs ??= values.quick ? '3' : '5'
values.seconds ??= values.quick ? '0.8' : '5'
const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const PORT = 18_080

const scenarios = [
  { name: 'rpc', args: ['rpc'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'pubsub 1→1, 32 bytes', args: ['pubsub'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'pubsub 1→1, 4000 bytes', args: ['pubsub', '--payload', '4000'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'fan-out 1→100', args: ['fanout', '--subs', '100'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'fan-out 1→1000', args: ['fanout', '--subs', '1000'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'connect, join, leave', args: ['connect'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'latency of a call, p50', args: ['latency'], unit: 'µs', of: 'p50_us' },
  { name: 'latency of a call, p99', args: ['latency'], unit: 'µs', of: 'p99_us' },
  { name: 'memory of an idle session', args: ['idle'], unit: 'bytes', of: 'bytes_per_session' }
]
const crowded = [
  { name: 'rpc', args: ['rpc'], unit: 'µs', of: 'router_us_per_unit' },
  { name: 'pubsub 1→1, 32 bytes', args: ['pubsub'], unit: 'µs', of: 'router_us_per_unit' }
]
const hmac = () => createHmac('sha256', 'secret').update('x'.repeat(300)).digest()
const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signature = sign(null, Buffer.alloc(32), privateKey)
/** What the cryptography of a method alone is made of. */
const cryptography = {
  ticket: () => { hmac(); hmac() },
  wampcra: () => { randomBytes(48); hmac(); hmac(); hmac() },
  'wamp-scram': () => { randomBytes(18); hmac(); hmac(); createHash('sha256').update('x'.repeat(32)).digest() },
  cryptosign: () => { randomBytes(32); verify(null, Buffer.alloc(32), publicKey, signature) },
  cookie: () => { createHash('sha256').update('x'.repeat(40)).digest() }
}
const commands = {
  limit: `${process.execPath} ${path('limit.mjs')} ${PORT}`,
  router: `${process.execPath} ${path('server.mjs')} ${PORT}`,
  raw: `${process.execPath} ${path('server.mjs')} ${PORT} raw`,
  rawLimit: `${process.execPath} ${path('limit.mjs')} ${PORT} raw`,
  longpoll: `${process.execPath} ${path('server.mjs')} ${PORT} longpoll`,
  longpollLimit: `${process.execPath} ${path('limit.mjs')} ${PORT} longpoll`,
  login: `${process.execPath} ${path('server.mjs')} ${PORT} login`,
  crowd: `${process.execPath} ${path('server.mjs')} ${PORT} crowd`
}

const peerScenarios = scenarios.filter(({ name }) => ['rpc', 'pubsub 1→1, 32 bytes', 'fan-out 1→100', 'connect, join, leave'].includes(name))

/** Where the clients connect to, by the transport that a command serves. */
const urls = { raw: `rs://127.0.0.1:${PORT}`, longpoll: `lp://127.0.0.1:${PORT}/lp` }

function run (command, { args }) {
  const url = urls[command.split(' ').at(-1)] ?? `ws://127.0.0.1:${PORT}/ws`
  const out = execFileSync(process.execPath, [path('load.mjs'), ...args, '--json', '--seconds', values.seconds, '--url', url, '--cmd', command], { encoding: 'utf8' })
  return JSON.parse(out)
}
const measure = (command, scenario) => run(command, scenario)[scenario.of]
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]
const spread = (numbers) => `${median(numbers)} (${Math.min(...numbers)} to ${Math.max(...numbers)})`

/** A line of the table: how the second stands to the first. */
function compare (scenario, first, second) {
  const found = [[], []]
  // One after the other, so that what the machine does besides hits both alike.
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, command] of [first, second].entries()) found[i].push(measure(command, scenario))
  }
  const line = `| ${scenario.name} | ${found.map(spread).join(' | ')} | ${(median(found[1]) / median(found[0])).toFixed(2)} | ${scenario.unit} |`
  process.stdout.write(`${line}\n`)
  return line
}

/** Microseconds that a thing takes. */
function time (thing) {
  for (let i = 0; i < 2000; i++) thing()
  const start = performance.now()
  for (let i = 0; i < 10_000; i++) thing()
  return (performance.now() - start) / 10
}

/** A line of the table of logins: how a method stands to an anonymous join and its own cryptography. */
function compareLogin (method) {
  const found = [[], []]
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, name] of ['anonymous', method].entries()) found[i].push(measure(commands.login, { args: ['login', '--method', name], of: 'router_us_per_unit' }))
  }
  const own = time(cryptography[method])
  const line = `| ${method} | ${found.map(spread).join(' | ')} | ${own.toFixed(1)} | ${(median(found[1]) / (median(found[0]) + own)).toFixed(2)} |`
  process.stdout.write(`${line}\n`)
  return line
}

/** Compares ratios with their bounds. Returns how many are beyond. */
function checkBounds () {
  let beyond = 0
  for (const scenario of new Set(bounds.map(({ scenario }) => scenario))) {
    const compared = bounds.filter((bound) => bound.scenario === scenario)
    const names = [...new Set(compared.flatMap(({ router, to }) => [to, router]))]
    const found = Array.from({ length: Number(values.runs) }, () => Object.fromEntries(names.map((name) => [name, measure(commands[name], { args: [scenario], of: 'router_us_per_unit' })])))
    for (const { router, to, bound } of compared) {
      const ratio = median(found.map((times) => times[router] / times[to]))
      const isBeyond = ratio > bound * (1 + TOLERANCE)
      if (isBeyond) beyond++
      process.stdout.write(`${scenario}, ${router} to ${to}: ${ratio.toFixed(2)}, bound ${bound}${isBeyond ? ': BEYOND' : ''}\n`)
    }
  }
  return beyond
}

if (values.quick) process.exit(checkBounds() === 0 ? 0 : 1)

const lines = scenarios.map((scenario) => compare(scenario, commands.limit, commands.router))
/** Lines of the table of RawSocket: how it stands to its own limit, and to WebSocket. */
const rawLines = scenarios.filter(({ of }) => of === 'router_us_per_unit').map((scenario) => {
  const found = [commands.rawLimit, commands.raw, commands.router].map(() => [])
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [i, command] of [commands.rawLimit, commands.raw, commands.router].entries()) found[i].push(measure(command, scenario))
  }
  const [limit, own, websocket] = found.map(median)
  const line = `| ${scenario.name} | ${found.map(spread).join(' | ')} | ${(own / limit).toFixed(2)} | ${(own / websocket).toFixed(2)} | ${scenario.unit} |`
  process.stdout.write(`${line}\n`)
  return line
})
const longpollLines = scenarios.filter(({ name }) => ['rpc', 'pubsub 1→1, 32 bytes'].includes(name)).map((scenario) => compare(scenario, commands.longpollLimit, commands.longpoll))
const crowdLines = crowded.map((scenario) => compare(scenario, commands.router, commands.crowd))
const loginLines = Object.keys(cryptography).map(compareLogin)

const version = (name) => JSON.parse(readFileSync(path(`../node_modules/${name}/package.json`), 'utf8')).version
/** A line of the table of codecs: the router's own, by the codec of its clients. */
const codecLines = [
  ...['rpc', 'pubsub'].map((name) => ({ name, runs: ['json', 'msgpack', 'cbor'].map((codec) => [name, '--codec', codec]) })),
  { name: 'fan-out 1→100 from JSON, every other subscriber in', runs: ['json', 'msgpack', 'cbor'].map((codec) => ['fanout', '--subs', '100', '--half', codec]) }
].map(({ name, runs }) => {
  const found = runs.map((args) => median(Array.from({ length: Number(values.runs) }, () => measure(commands.router, { args, of: 'router_us_per_unit' }))))
  const line = `| ${name} | ${found.map((time) => `${time} (${(time / found[0]).toFixed(2)})`).join(' | ')} | µs |`
  process.stdout.write(`${line}\n`)
  return line
})

const folder = mkdtempSync(join(tmpdir(), 'fastify-wamp-bench-'))
const peers = setUpPeers(folder, PORT)
const peerLines = peerScenarios.map((scenario) => {
  // Some have short queues: no more than 32 are on their way at a time.
  const all = [commands.router, ...peers.map(({ command }) => command)]
  const medians = all.map((command) => median(Array.from({ length: Number(values.runs) }, () => measure(command, { ...scenario, args: [...scenario.args, '--window', '32'] }))))
  const line = `| ${scenario.name} | ${medians.join(' | ')} | µs |`
  process.stdout.write(`${line}\n`)
  return line
})
rmSync(folder, { recursive: true })

const inside = run(`${commands.router} watch`, { args: ['inside'] })
const stall = run(commands.router, { args: ['stall', '--subs', '10'] })
const calm = run(`${commands.router} watch`, { args: ['calm', '--conns', '10000'] })

// `npm run hostile` and `npm run soak` run separately: their results are kept.
const byHand = /^## What attacks cost[^]*/m.exec(readFileSync(path('results.md'), 'utf8'))?.[0] ?? ''

writeFileSync(path('results.md'), `# Benchmark results

\`npm run bench\` generated this page on a machine with ${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB,
Node.js ${process.version}, fastify ${version('fastify')}, ws ${version('ws')}.

The limit is a minimal router of a hundred lines on \`ws\`: \`limit.mjs\`. fastify-wamp has static permissions and logs at
info: \`server.mjs\`. A second process on the same machine generates the load: \`load.mjs\`. A time is the CPU time of the router for a
call and its result, a delivered event, or a session. Medians of ${values.runs} runs of ${values.seconds} s, and their range.

| scenario | limit | fastify-wamp | ratio | |
|---|---|---|---|---|
${lines.join('\n')}

Over RawSocket. Its limit is the same minimal router on \`node:net\`. The ratios compare RawSocket with its limit, and with WebSocket:

| scenario | limit | RawSocket | WebSocket | to the limit | to WebSocket | |
|---|---|---|---|---|---|---|
${rawLines.join('\n')}

Over long-poll, in batches. Its limit is the same minimal router on Fastify, which logs each request as the app of fastify-wamp does:

| scenario | limit | long-poll | ratio | |
|---|---|---|---|---|
${longpollLines.join('\n')}

The same router with 90 000 subscriptions of other topics, 10 000 of patterns, and 10 000 registrations of patterns:

| scenario | alone | with these | ratio | |
|---|---|---|---|---|
${crowdLines.join('\n')}

A login consists of connecting, joining by a method, and leaving. The cookie is tracked, and the login is attached to it (in memory). The ratio
compares it with an anonymous join plus the method's own cryptography. In µs:

| method | anonymous | login | cryptography | ratio |
|---|---|---|---|---|
${loginLines.join('\n')}

By codec, with the ratio to JSON:

| scenario | JSON | MessagePack | CBOR | |
|---|---|---|---|---|
${codecLines.join('\n')}

Other routers with their defaults, anonymous clients, JSON, and at most 32 messages in flight. CPU time of the router in µs:

| scenario | fastify-wamp | ${peers.map(({ name, version }) => `${name} ${version}`).join(' | ')} | |
|---|---|${peers.map(() => '---|').join('')}---|
${peerLines.join('\n')}

A call of the app itself to a callee over WebSocket costs the process ${inside.call} µs, and a publication of the app to a subscriber
${inside.publish} µs, including routing, the in-process session and promises.

If a subscriber stops reading while ${stall.published_mb} MB are published to ten others, these keep ${Math.round(stall.rate_kept * 100)} % of their rate, and the process
grows by ${stall.rss_grown_mib} MiB (the limit is 4 MiB per connection).

${calm.sessions} sessions join at a rate of 1000 per second and have ${calm.subscriptions} subscriptions. The longest pause of the event loop is ${calm.joining_ms} ms while
they join, ${calm.idle_ms} ms while they are idle, and ${calm.closing_ms} ms when all connections break at once.

${byHand}`)

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { ServerOptions } from 'node:https'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { Authority } from '../helper/certificates.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'
import { missing, needsOpenssl } from './programs.ts'

const [json] = wireCodecs
/** A slow line carries so many octets in one of so many steps: long enough for an idle client to be cut off several times. */
const STEP = 10_000
const STEPS = 80
const PAUSE = 20

/** The options of a test that needs a network of its own. */
function needsNetworks (): { skip: string | false } {
  const { status } = spawnSync('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing('no network can be made: apt-get install iproute2, and run it as root, in a container with CAP_SYS_ADMIN')
}

for (const scheme of ['ws', 'wss'] as const) {
  const needed = scheme === 'wss' ? needsOpenssl() : {}

  t.test(`a client that sends one long message over a slow line is not taken for dead, over ${scheme}`, needed, async (t) => {
    const authority = scheme === 'wss' ? await Authority.create(t) : null
    const https: ServerOptions | undefined = authority === null ? undefined : await authority.sign('router')
    const { url } = await buildApp(t, { pingInterval: 200 }, https)
    const client = await WireClient.connect(t, url, json!, { tls: authority === null ? {} : { ca: authority.cert } })
    await client.join(HELLO[2])
    const message = Buffer.from(JSON.stringify([16, 1, { acknowledge: true }, 'com.example.news', ['x'.repeat(STEP * STEPS)]]))
    // A frame of its own: what ws sends, it sends at once. The mask is zero.
    const header = Buffer.alloc(14)
    header.writeUInt16BE(0x81ff)
    header.writeBigUInt64BE(BigInt(message.length), 2)
    client.stream!.write(header)
    for (let sent = 0; sent < message.length; sent += STEP) {
      client.stream!.write(message.subarray(sent, sent + STEP))
      await setTimeout(PAUSE)
    }
    t.match(await client.next(), [17, 1, Number])
  })

  for (const [name, mode, outcome] of [
    ['a client that reads a long event over a slow line is not taken for dead', 'slow', 'the whole of a long event\n'],
    ['a client whose cable is pulled is cut off, though events leave for it', 'pulled', 'a client does not answer a ping: its connection is ended\n']
  ] as const) {
    t.test(`${name}, over ${scheme}`, { ...needed, ...needsNetworks() }, async (t) => {
      const identity = scheme === 'wss' ? await (await Authority.create(t)).sign('router') : null
      const child = spawn('unshare', ['--net', process.execPath, ...process.execArgv, fileURLToPath(new URL('own-network.ts', import.meta.url)), mode], {
        stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(identity === null ? {} : { CERT: identity.cert, KEY: identity.key }) }
      })
      t.teardown(() => child.kill('SIGKILL'))
      const [line] = await once(child.stdout, 'data') as [Buffer]
      t.equal(String(line), outcome)
    })
  }
}

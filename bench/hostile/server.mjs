// The router under attack in a process of its own. The bench gives it commands and reads its figures by IPC.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { unitsSpent } from '../../dist/plugin/work.js'
import { startApp } from './app.mjs'

const { port, received, sent, commands: ofAttacks } = await startApp()
const delays = monitorEventLoopDelay({ resolution: 10 })
delays.enable()
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const state = () => ({
  cpu: cpu(), received: received(), sent: sent(), units: unitsSpent(), rss: process.memoryUsage.rss() / 2 ** 20, pause: delays.max / 1e6
})

const commands = {
  ...ofAttacks,
  state,
  /** Begins a measurement. The monitor needs a first tick before it can see a pause. */
  async begin () {
    delays.reset()
    await sleep(25)
    return state()
  },
  /** Answers when the process has read so many octets and is idle for 30 ms, or has not read them and is idle for 300 ms. */
  async settled ({ received: expected }) {
    for (let quiet = 0; quiet < (received() >= expected ? 3 : 30); quiet++) {
      const before = cpu()
      await sleep(10)
      if (cpu() - before > 1) quiet = -1
    }
    return state()
  }
}
process.on('message', async ({ id, command, given }) => {
  try {
    process.send({ id, answer: await commands[command](given) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
process.send({ port })

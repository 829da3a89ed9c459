// What a process under attack tells the bench about itself, by IPC.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/** Counts the octets that a server has received and sent. */
export function countOctets (server) {
  const sockets = new Set()
  const ended = { received: 0, sent: 0 }
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      ended.received += socket.bytesRead
      ended.sent += socket.bytesWritten
    })
  })
  const total = (of, done) => [...sockets].reduce((sum, socket) => sum + socket[of], done)
  return { received: () => total('bytesRead', ended.received), sent: () => total('bytesWritten', ended.sent) }
}

/** Answers the commands of the bench, which ends the process by disconnecting. */
export function serve ({ port, received, sent, units, commands: ofAttacks }) {
  const delays = monitorEventLoopDelay({ resolution: 10 })
  delays.enable()
  const cpu = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const state = () => ({ cpu: cpu(), received: received(), sent: sent(), units: units(), rss: process.memoryUsage.rss() / 2 ** 20, pause: delays.max / 1e6 })

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
}

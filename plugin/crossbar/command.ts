#!/usr/bin/env node
import { dirname } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { errors } from '../errors.ts'
import { wampBridge, wampEndpoint, wampLongPoll, wampPlugin, wampPort, wampRawSocket } from '../index.ts'
import { readCommandLine } from './command-line.ts'
import type { CommandLine } from './command-line.ts'
import { findConfigurationFile, readConfigurationFile } from './configuration-file.ts'
import { fromCrossbarConfig } from './node-configuration.ts'
import type { NodeConfiguration } from './node-configuration.ts'
import { summaryOf } from './summary.ts'

async function run (args: readonly string[]): Promise<void> {
  const given = readCommandLine(args)
  if (typeof given === 'string') {
    process.stdout.write(given)
    return
  }
  const filename = await findConfigurationFile(given.path)
  const configuration = fromCrossbarConfig(await readConfigurationFile(filename), { directory: dirname(filename), filename })
  if (given.action === 'check') {
    process.stdout.write(summaryOf(configuration))
    return
  }
  if (configuration.ports.length > 0 && (given.host !== undefined || given.port !== undefined)) throw new errors.WAMP_ERR_COMMAND_LINE('--host and --port cannot be used with a configuration of several ports')
  for (const warning of configuration.warnings) process.stderr.write(`fastify-wamp: warning: ${warning}\n`)
  await serve(configuration, given)
}

async function serve ({ listen, https, plugin, ports, ...services }: NodeConfiguration, { host, port }: CommandLine): Promise<void> {
  const app = Fastify({ logger: true, https })
  try {
    await app.register(wampPlugin, plugin)
    await addServices(app, services)
    const further = await Promise.all(ports.map(async (one) => {
      const other = Fastify({ logger: true, https: one.https })
      await other.register(wampPort, { app, ...one.port })
      await addServices(other, one)
      return { other, listen: one.listen }
    }))
    await app.listen({ host: host ?? listen.host, port: port ?? listen.port })
    for (const { other, listen } of further) await other.listen(listen)
  } catch (error) {
    await app.close()
    throw error
  }
  closeOnSignals(app)
}

async function addServices (app: FastifyInstance, { endpoints, longPolls, bridges, rawSockets }: Pick<NodeConfiguration, 'endpoints' | 'longPolls' | 'bridges' | 'rawSockets'>): Promise<void> {
  for (const endpoint of endpoints) await app.register(wampEndpoint, endpoint)
  for (const longPoll of longPolls) await app.register(wampLongPoll, longPoll)
  for (const bridge of bridges) await app.register(wampBridge, bridge)
  for (const rawSocket of rawSockets) await app.register(wampRawSocket, rawSocket)
}

function closeOnSignals (app: FastifyInstance): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Only once: a second signal ends the process at once.
    process.once(signal, () => {
      app.log.info({ signal }, 'closing')
      app.close().catch(report)
    })
  }
}

/** Prints one line and sets the exit code: 2 if the command line or the configuration is invalid, otherwise 1. */
function report (error: unknown): void {
  const { code = '', message = String(error) } = error instanceof Error ? error as NodeJS.ErrnoException : {}
  process.stderr.write(`fastify-wamp: ${message.split('\n', 1)[0]}\n`)
  process.exitCode = /^(?:WAMP_ERR_|ERR_PARSE_ARGS_)/.test(code) ? 2 : 1
}

await run(process.argv.slice(2)).catch(report)

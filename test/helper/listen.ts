import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Test } from 'tap'
import { wampChannels } from 'fastify-wamp'
import type { DiagnosticsMessage } from 'fastify-wamp'

/** What one router tells on the channels of these names from now on, in order, until the test ends. */
export function listen (t: Test, router: object, names = Object.keys(wampChannels) as (keyof typeof wampChannels)[]): { name: string, message: Record<string, unknown> }[] {
  const heard: { name: string, message: Record<string, unknown> }[] = []
  for (const name of names) {
    const hear = (message: unknown): void => { if ((message as DiagnosticsMessage).router === router) heard.push({ name, message: message as Record<string, unknown> }) }
    subscribe(wampChannels[name], hear)
    t.teardown(() => { unsubscribe(wampChannels[name], hear) })
  }
  return heard
}

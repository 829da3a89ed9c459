import type { FastifyInstance } from 'fastify'
import { LONGEST_TIMER } from '../plugin/longest-timer.ts'

/**
 * The route options of a handler that may take as long as its client waits: it is not ended after the `handlerTimeout` of the app. In an app
 * without one there is nothing to set, because Fastify creates a timer and an AbortController for each request of a route that has one.
 */
export function lasting ({ initialConfig }: FastifyInstance): { handlerTimeout?: number } {
  // The types of Fastify lack it. Without the limit it is 0.
  const { handlerTimeout } = initialConfig as { readonly handlerTimeout?: number }
  return handlerTimeout === 0 ? {} : { handlerTimeout: LONGEST_TIMER }
}

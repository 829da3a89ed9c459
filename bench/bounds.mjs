/**
 * What `npm run bench -- --quick` checks: how the CPU time of the router for a unit compares with that of another command of run.mjs.
 * A ratio may exceed its bound by TOLERANCE, because results vary.
 */
export const TOLERANCE = 0.15
export const bounds = [
  { scenario: 'rpc', router: 'router', to: 'limit', bound: 1.36 },
  { scenario: 'rpc', router: 'raw', to: 'rawLimit', bound: 1.15 },
  { scenario: 'rpc', router: 'raw', to: 'router', bound: 0.9 },
  { scenario: 'rpc', router: 'longpoll', to: 'longpollLimit', bound: 4.2 },
  { scenario: 'pubsub', router: 'router', to: 'limit', bound: 1.5 },
  { scenario: 'pubsub', router: 'raw', to: 'rawLimit', bound: 1.15 },
  { scenario: 'pubsub', router: 'raw', to: 'router', bound: 0.9 },
  { scenario: 'pubsub', router: 'longpoll', to: 'longpollLimit', bound: 4.8 },
  { scenario: 'connect', router: 'router', to: 'limit', bound: 2.6 }
]

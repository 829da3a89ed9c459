import { Type } from 'typebox'
import { wampContract } from 'fastify-wamp'

/** The procedures and topics. The router validates payloads against it, and REST routes and TypeScript types are derived from it. */
export const contract = wampContract({
  procedures: {
    'com.example.add2': {
      description: 'Adds two numbers',
      args: Type.Tuple([Type.Number(), Type.Number()]),
      result: Type.Number()
    },
    'com.example.primes': {
      description: 'Counts the primes up to a number, and reports the share that is done',
      args: Type.Tuple([Type.Integer({ minimum: 2, maximum: 100_000_000 })]),
      progress: Type.Number({ minimum: 0, maximum: 1 }),
      result: Type.Integer()
    }
  },
  topics: {
    'com.example.feed': {
      description: 'The messages of users',
      args: Type.Tuple([Type.String({ pattern: '\\S', maxLength: 280 })]),
      kwargs: Type.Object({ from: Type.Optional(Type.String()) })
    }
  }
})

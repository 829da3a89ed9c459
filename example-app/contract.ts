import { Type } from 'typebox'
import { wampContract } from 'fastify-wamp'

/** What may be called and published: the router checks it, REST routes are made of it, and TypeScript knows it, here and in pages. */
export const contract = wampContract({
  procedures: {
    'com.example.add2': {
      description: 'Adds two numbers',
      args: Type.Tuple([Type.Number(), Type.Number()]),
      result: Type.Number()
    },
    'com.example.primes': {
      description: 'Counts the primes up to a number, and says by and by which share is done',
      args: Type.Tuple([Type.Integer({ minimum: 2, maximum: 100_000_000 })]),
      progress: Type.Number({ minimum: 0, maximum: 1 }),
      result: Type.Integer()
    }
  },
  topics: {
    'com.example.feed': {
      description: 'What users have to say',
      args: Type.Tuple([Type.String({ pattern: '\\S', maxLength: 280 })]),
      kwargs: Type.Object({ from: Type.Optional(Type.String()) })
    }
  }
})

import t from 'tap'
import { checkNeighbours } from './check.ts'
import { mostUsed } from './neighbours.ts'

// `npm run neighbours` checks all of them.
t.equal(mostUsed.length, 6)
await checkNeighbours(t, mostUsed)

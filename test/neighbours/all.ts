import t from 'tap'
import { checkNeighbours } from './check.ts'
import { neighbours } from './neighbours.ts'

await checkNeighbours(t, neighbours)

import { testClient } from './clients/client.ts'
import { nexus } from './clients/programs.ts'

testClient(nexus)

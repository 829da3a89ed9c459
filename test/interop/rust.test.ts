import { testClient } from './clients/client.ts'
import { wampAsync } from './clients/programs.ts'

testClient(wampAsync)

import { testClient } from './clients/client.ts'
import { autobahnJava } from './clients/programs.ts'

testClient(autobahnJava)

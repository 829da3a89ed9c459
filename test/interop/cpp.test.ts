import { testClient } from './clients/client.ts'
import { autobahnCpp } from './clients/programs.ts'

testClient(autobahnCpp)

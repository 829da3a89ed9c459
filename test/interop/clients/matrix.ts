import { testClient } from './client.ts'
import { autobahnCpp, autobahnJava, nexus, others, wampAsync } from './programs.ts'

for (const client of [nexus, autobahnJava, wampAsync, autobahnCpp, ...others]) testClient(client)

import { testClient } from './client.ts'
import { autobahnCpp, autobahnJava, nexus, others, wampAsync, xconnGo } from './programs.ts'

for (const client of [nexus, xconnGo, autobahnJava, wampAsync, autobahnCpp, ...others]) testClient(client)

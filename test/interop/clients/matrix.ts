import { testClient } from './client.ts'
import { autobahnCpp, autobahnJava, nexus, others, own, wampAsync } from './programs.ts'

for (const client of [own, nexus, autobahnJava, wampAsync, autobahnCpp, ...others]) testClient(client)

import { testClient } from './client.ts'
import { autobahnCpp, autobahnJava, nexus, others, own, wampAsync, xconnGo } from './programs.ts'

for (const client of [own, nexus, xconnGo, autobahnJava, wampAsync, autobahnCpp, ...others]) testClient(client)

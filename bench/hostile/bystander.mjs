// A thread that makes one call after another, and reports how long each took.
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { Peer } from './peer.mjs'

const peer = await Peer.join({ port: workerData.port })
parentPort.postMessage('ready')
// Until the thread is ended.
for (let request = 1; ; request++) {
  const start = performance.now()
  parentPort.postMessage({ start: Date.now() })
  await peer.ask([48, request, {}, 'bench.echo', ['hello']])
  parentPort.postMessage({ took: performance.now() - start })
  await sleep(2)
}

// Batches of 1 MiB, also on connections that are reset before the batch is done.
import { frame, fill } from './frames.mjs'
import { PLAIN } from './measure.mjs'

const SIZE = 1_048_500
const protocol = 'wamp.2.json.batched'
const batchOf = (list) => {
  const message = Buffer.from(`${JSON.stringify(list)}\x1e`)
  return frame(fill(() => message, SIZE))
}
const batches = {
  PUBLISHes: batchOf(PLAIN),
  CALLs: batchOf([48, 1, {}, 'a']),
  'CALLs of bench.echo': frame(fill((n) => Buffer.from(`${JSON.stringify([48, n + 1, {}, 'bench.echo'])}\x1e`), SIZE)),
  SUBSCRIBEs: batchOf([32, 1, {}, 'a']),
  'empty messages': frame(Buffer.alloc(SIZE, 0x1e))
}

/** Writes a batch, and resets the connection when the router has read the whole batch. */
const reset = (batch) => async ({ peer, router }) => {
  const { received } = await router.ask('state')
  peer.socket.write(batch)
  while (peer.state === 'open' && (await router.ask('state')).received < received + batch.length);
  peer.socket.resetAndDestroy()
  return batch.length
}

export const batched = Object.entries(batches).flatMap(([name, batch]) => [
  { name: `a batch of 1 MiB: ${name}`, protocol, reads: true, fresh: name === 'empty messages', size: batch.length, frame: () => batch },
  { name: `a batch of 1 MiB, and a reset: ${name}`, protocol, fresh: true, act: reset(batch) }
])

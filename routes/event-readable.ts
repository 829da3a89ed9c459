import { Readable } from 'node:stream'

/** The maximum octets of one write. */
const MOST = 65_536

/**
 * The text of an event stream. It is written one chunk at a time: everything that arrives in the meantime is the next chunk. Otherwise, a stream
 * whose client does not read keeps hundreds of small writes, and Node.js creates an error for each of them when the client disconnects.
 */
export class EventReadable extends Readable {
  override pipe<T extends NodeJS.WritableStream> (destination: T, { end = true }: { readonly end?: boolean | undefined } = {}): T {
    const pass = (): void => {
      const chunk = this.read(Math.min(this.readableLength, MOST) || undefined) as Buffer | null
      if (chunk === null) this.once('readable', pass)
      else destination.write(chunk, (error) => { if (error === undefined || error === null) pass() })
    }
    if (end) this.once('end', () => { destination.end() })
    pass()
    return destination
  }
}

import { noDetails } from '../protocol/message.ts'
import type { Dict } from '../protocol/message.ts'
import { inTime } from '../thenable.ts'
import type { ConnectionContext } from './session-host.ts'
import type { SessionLog } from './session-log.ts'

/** A client that logs out must learn that its login may be valid again, as a REST client does by the status 503. */
const incomplete: Dict = Object.freeze({ message: 'the logout is not complete: the login has ended in this process only, until the store has deleted it' })
const untold: Dict = Object.freeze({ message: 'the logout is not complete: the app could not be told' })

/**
 * Ends the login of a client that logs out, in the store and in the app. Resolves to the details of the answer to GOODBYE, which have a message if the
 * logout is not complete. Never rejects.
 */
export async function logOut ({ visitor, host }: ConnectionContext, onLogout: (() => unknown) | undefined, log: SessionLog): Promise<Dict> {
  try {
    const deletion = await visitor?.logout()
    await inTime(onLogout?.(), host.handshakeTimeout, () => new Error('onLogout did not answer in time'))
    return deletion === 'is not deleted' ? incomplete : noDetails
  } catch (error) {
    log.error({ err: error }, 'logout failed')
    return untold
  }
}

import { MessageType } from '../protocol/message.ts'
import type { MessageCode } from '../protocol/message.ts'

/** Units of work that it takes to read and handle any other message. */
const UNITS_OF_MESSAGE = 16
const { Hello, Abort, Authenticate, Goodbye, Subscribe, Register, Call } = MessageType
/** Units of work that it takes to end a session: to send GOODBYE, and to close what it was sent on. */
export const UNITS_OF_FAREWELL = 400
/** By message code: an array is looked up faster than a Map. */
const units = new Uint16Array(256).fill(UNITS_OF_MESSAGE)
for (const [type, more] of [[Hello, 408], [Authenticate, 408], [Abort, 108], [Goodbye, 108], [Subscribe, 28], [Register, 28], [Call, 28]] as const) units[type] = more

/** The fixed units of work to handle a message, in addition to those that depend on amounts. */
export function unitsOf (type: MessageCode): number {
  return units[type]!
}

import { MessageType } from '../protocol/message.ts'
import type { MessageCode } from '../protocol/message.ts'

const UNITS_OF_MESSAGE = 8
const { Hello, Abort, Authenticate, Goodbye, Subscribe, Register, Call } = MessageType
const more: ReadonlyMap<MessageCode, number> = new Map([[Hello, 400], [Authenticate, 400], [Abort, 100], [Goodbye, 100], [Subscribe, 20], [Register, 20], [Call, 20]])

/** Units of work that it takes to handle a message, beside what depends on how much there is of anything. */
export function unitsOf (type: MessageCode): number {
  return more.get(type) ?? UNITS_OF_MESSAGE
}

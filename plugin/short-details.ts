import { memoryOf } from './memory-of.ts'
import { WampError } from './protocol/wamp-error.ts'

/** The maximum number of characters of a text in a log line. A stack may have four times as many. */
const LONGEST_TEXT = 4096
/** The maximum bytes of memory of the values of an error in a log line. */
const MOST_BYTES = 8192
/** The maximum number of causes of an error in a log line. */
const MOST_CAUSES = 5

/** The details of a log line with shorter texts and errors, because clients choose some of them. */
export function shortDetails (details: object): object {
  const short: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(details)) short[key] = typeof value === 'string' ? shortText(value) : value instanceof Error ? shortError(value) : value
  return short
}

function shortText (text: string, longest = LONGEST_TEXT): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`
}

/** The error, or one that inherits from it and has shorter parts. */
function shortError (error: Error, causes = MOST_CAUSES): Error {
  const { message, stack = '', cause } = error
  const shortCause = !(cause instanceof Error) ? cause : causes === 0 ? undefined : shortError(cause, causes - 1)
  const bytes = error instanceof WampError ? sizeOf(error) : 0
  const isShort = cause === shortCause && bytes <= MOST_BYTES && message.length <= LONGEST_TEXT && stack.length <= 4 * LONGEST_TEXT
  if (isShort) return error
  return Object.create(error, {
    message: { value: shortText(message) },
    stack: { value: shortText(stack, 4 * LONGEST_TEXT) },
    cause: { value: shortCause },
    ...(error instanceof WampError ? { error: { value: shortText(error.error), enumerable: true }, code: { value: shortText(error.code) } } : {}),
    ...(bytes > MOST_BYTES ? { args: { value: `about ${bytes} bytes`, enumerable: true }, kwargs: { value: undefined } } : {})
  }) as Error
}

/** The bytes of memory of the values of an error. Values of the app may contain themselves. */
function sizeOf ({ args, kwargs }: WampError): number {
  try {
    return memoryOf({ args, kwargs })
  } catch {
    return Infinity
  }
}

/** An integer from 1 to 2^53 inclusive [basic, IDs]. */
export type Id = number

/** The greatest id. It is not a "safe" integer, but valid. */
export const MAX_ID = 2 ** 53

/** True for an integer in the range of ids [basic, IDs]. */
export function isId (value: unknown): value is Id {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_ID
}

/** The id after `id` in a session's or the router's sequence, which restarts at 1 after 2^53 [basic, IDs]. */
export function nextId (id: Id): Id {
  return id >= MAX_ID ? 1 : id + 1
}

/** Ids from 1, one for each call. */
export function idsFromOne (): () => Id {
  let last: Id = 0
  return () => (last = nextId(last))
}

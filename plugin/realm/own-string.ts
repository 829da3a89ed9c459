/** V8 makes shorter slices as strings of their own. */
const SHORTEST_SLICE = 13

/** True if a part of a string may be a reference to the whole, as V8 makes slices and what `split` returns: to keep ten characters then keeps a megabyte. */
export function mayBeSlice ({ length }: string): boolean {
  return length >= SHORTEST_SLICE
}

/** The part of a string as a string of its own. JSON copies any string exactly, and takes one byte a character where that is enough. */
export function ownString (part: string): string {
  return mayBeSlice(part) ? JSON.parse(JSON.stringify(part)) as string : part
}

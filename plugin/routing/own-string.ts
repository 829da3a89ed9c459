/** V8 copies shorter slices. */
const SHORTEST_SLICE = 13

/** True if a part of a string may refer to the whole string, as slices and results of `split` do in V8: keeping ten characters would then keep a megabyte. */
export function mayBeSlice ({ length }: string): boolean {
  return length >= SHORTEST_SLICE
}

/** A copy of the part of a string. JSON copies any string exactly, and uses one byte per character if possible. */
export function ownString (part: string): string {
  return mayBeSlice(part) ? JSON.parse(JSON.stringify(part)) as string : part
}

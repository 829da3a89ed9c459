/** The number of characters of a name that are compared. WAMP-SCRAM rejects longer names. */
const LONGEST_NAME = 1024

/** Characters that databases ignore, or that are not visible: accents, control characters, space, and characters that Unicode does not assign. */
const IGNORED = /[\p{M}\p{C}\p{Z}\s\p{Default_Ignorable_Code_Point}]/gu
/** Characters that a database may treat as equal to a letter or digit of ASCII: `ø` as `o`, and `١` as `1`. */
const RELATED = /(?![ -~])[\p{Nd}\p{No}\p{Nl}\p{Script=Latin}]/gu

const letters = [...'0123456789abcdefghijklmnopqrstuvwxyz']
/** The collation of Unicode, on which those of databases are based, without regard to case and accents. */
const collation = new Intl.Collator('und', { sensitivity: 'base' })
/** The letters of such characters, which are a few thousand. They are looked up when they are first seen. */
const known = new Map<string, string>()

/**
 * The common form of the spellings of a name. A function of the app may look names up in a database, whose collation may ignore case, accents,
 * space and characters that are not visible, and may treat digits of all scripts as equal.
 */
export function spellingOf (name: string): string {
  const visible = name.slice(0, LONGEST_NAME).normalize('NFKD').replace(IGNORED, '').replace(RELATED, letterOf)
  // Some letters have no capital, and others have two small forms.
  return visible.toLowerCase().toUpperCase().toLowerCase()
}

function letterOf (character: string): string {
  const letter = known.get(character) ?? letters.find((letter) => collation.compare(letter, character) === 0) ?? character
  known.set(character, letter)
  return letter
}

import type { Dict, PassthruOptions } from './message-options.ts'
import { isAttribute } from './wire-value.ts'

const passthru = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const
const transparency = ['enc_algo', 'enc_key', 'enc_serializer'] as const

/** Checks of the attributes that describe a packed payload. */
export const packingAttributes = Object.fromEntries([...passthru, ...transparency].map((name) => [name, isAttribute]))

/** True if options use payload passthru mode, which a client must announce [advanced, Payload Passthru Mode]. */
export function usesPassthru ({ ppt_scheme: scheme }: PassthruOptions): boolean {
  return isAttribute(scheme) && scheme !== ''
}

/**
 * True if options use payload transparency, the older form of Crossbar.io and Autobahn for Python: octets may take the place of Arguments.
 * Clients do not announce it.
 */
export function usesTransparency ({ enc_algo: algorithm }: Dict): boolean {
  return isAttribute(algorithm) && algorithm !== ''
}

/**
 * The attributes of options that describe a packed payload, for the details of the forwarded message; null if the payload is not packed.
 * The wire table does not validate an ERROR's details: attributes that are not short strings are omitted.
 */
export function packingOf (options: Dict): Dict | null {
  if (usesPassthru(options)) return attributesOf(options, passthru)
  return usesTransparency(options) ? attributesOf(options, transparency) : null
}

function attributesOf (options: Dict, names: readonly string[]): Dict {
  return Object.fromEntries(names.flatMap((name) => isAttribute(options[name]) ? [[name, options[name]]] : []))
}

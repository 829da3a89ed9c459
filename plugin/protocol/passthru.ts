import type { Dict } from './message.ts'
import { isAttribute } from './wire-value.ts'

const attributes = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const

/**
 * The payload passthru attributes of options, as they go into the details of what is sent on; null if no scheme is named
 * [advanced, Payload Passthru Mode]. An ERROR's details are not checked by the wire table: what is no short string is left out.
 */
export function passthruOf (options: Dict): Dict | null {
  const { ppt_scheme: scheme } = options
  if (!isAttribute(scheme) || scheme === '') return null
  return Object.fromEntries(attributes.flatMap((name) => isAttribute(options[name]) ? [[name, options[name]]] : []))
}

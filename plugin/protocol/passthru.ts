import type { Dict } from './message.ts'
import { isAttribute } from './wire-value.ts'

const attributes = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const

/**
 * The payload passthru attributes of options, for the details of the forwarded message; null if no scheme is set [advanced, Payload
 * Passthru Mode]. The wire table does not validate an ERROR's details: attributes that are not short strings are omitted.
 */
export function passthruOf (options: Dict): Dict | null {
  const { ppt_scheme: scheme } = options
  if (!isAttribute(scheme) || scheme === '') return null
  return Object.fromEntries(attributes.flatMap((name) => isAttribute(options[name]) ? [[name, options[name]]] : []))
}

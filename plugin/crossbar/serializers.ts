import type { EndpointOptions } from '../options.ts'
import type { Setting } from './setting.ts'

const offered = ['json', 'msgpack', 'cbor'] as const

/** Reads the serializers of a transport, undefined for all. Unsupported ones cause warnings. */
export function readSerializers (setting: Setting | undefined): EndpointOptions['serializers'] {
  if (setting === undefined) return undefined
  const wanted = new Set<string>()
  for (const entry of setting.list()) {
    const name = entry.oneOf([...offered, 'ubjson', 'flatbuffers'])
    if (name === 'ubjson' || name === 'flatbuffers') entry.warn('is not supported')
    wanted.add(name)
  }
  const served = offered.filter((name) => wanted.has(name))
  return served.length > 0 ? served : setting.fail(`must have one of ${offered.join(', ')}`)
}

import { WampError } from '../errors.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { TlsChannel } from '../transport/transport.ts'

/** An applied channel binding: its type, and the data that both ends of the channel know. */
export interface ChannelBinding { readonly type: string, readonly data: Buffer }

/** The type of channel binding that HELLO requests, or null. Throws a WampError for an invalid type. */
export function requestedBinding ({ channel_binding: type = null }: Dict): string | null {
  if (type === null || (typeof type === 'string' && type !== '')) return type
  throw new WampError(reasons.authenticationFailed, { args: ['HELLO.Details.authextra.channel_binding must be a string'] })
}

/** The binding of this type, or null if it is unavailable. An unavailable binding must never be reported as applied. */
export function findBinding (type: string | null, tls: TlsChannel | null): ChannelBinding | null {
  const data = type === null ? null : tls?.channelBinding(type) ?? null
  return type === null || data === null ? null : { type, data }
}

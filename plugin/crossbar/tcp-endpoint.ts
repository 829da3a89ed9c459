import type { Listen } from './port.ts'
import type { Setting } from './setting.ts'
import type { Scope } from './site.ts'
import { readTls } from './tls.ts'
import type { Https } from './tls.ts'

/** Reads a listening endpoint. Without `interface`, it listens on all interfaces, as in Crossbar.io, with IPv4 unless `version` is 6. */
export function readTcp (setting: Setting, { site, directory }: Scope): { listen: Listen, https: Https | null, shared: boolean } {
  if (setting.member('type').string() !== 'tcp') setting.member('type').fail('must be "tcp": no other endpoint is supported')
  const endpoint = setting.record({
    served: ['type', 'port', 'interface', 'version', 'portrange', 'tls', 'shared'], unserved: ['backlog', 'user_timeout']
  })
  endpoint.find('portrange')?.fail('is not supported: choose one "port"')
  const everywhere = endpoint.find('version')?.oneOf([4, 6]) === 6 ? '::' : '0.0.0.0'
  const tls = endpoint.find('tls')
  return {
    listen: { host: endpoint.find('interface')?.text() ?? everywhere, port: endpoint.get('port').integer(1, 65_535) },
    https: tls === undefined ? null : readTls(tls, directory, site),
    shared: endpoint.find('shared')?.flag() ?? false
  }
}

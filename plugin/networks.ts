import { BlockList, isIP } from 'node:net'
import { bareAddress } from './network-of.ts'

/** A set of IP addresses and networks. */
export class Networks {
  readonly #list = new BlockList()

  /** Networks such as `192.168.1.0/24` or `fd00::/8`, and addresses. Each must satisfy `isNetwork`. */
  constructor (networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6'
      if (prefix === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(prefix), family)
    }
  }

  /**
   * True if an address is in the set. An IPv4 address may be in the form of IPv6, and any with the port that some proxies add. A client of a Unix socket
   * has no address.
   */
  has (address: string | undefined): boolean {
    if (address === undefined) return false
    const bare = bareAddress(address)
    const version = isIP(bare)
    return version !== 0 && this.#list.check(bare, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** True for an IP address, or a network in the notation with a prefix length. */
export function isNetwork (text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return more.length === 0 && !address.includes('%') && bits > 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
}

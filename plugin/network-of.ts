import { isIPv4, isIPv6 } from 'node:net'

/**
 * The network of an address, as assigned to one household: an IPv4 address or an IPv6 /64. All notations of an address, with a port, in
 * brackets, in quotation marks or as IPv4 in IPv6, have the same network.
 */
export function networkOf (address: string): string {
  const bare = bareAddress(address)
  if (!isIPv6(bare)) return bare
  const groups = groupsOf(bare)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.')
  return groups.slice(0, 4).map((group) => group.toString(16)).join(':')
}

/** An address without the port, brackets, quotation marks and zone that it may have. */
export function bareAddress (address: string): string {
  const bare = withoutPort(address.trim().replace(/^"([^"]*)"$/, '$1'))
  return isIPv6(bare) ? bare.split('%')[0]! : bare
}

/** Proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort (address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1]
  if (bracketed !== undefined) return bracketed
  const [host, port] = address.split(':')
  return port !== undefined && isIPv4(host!) ? host! : address
}

/** The eight groups of an IPv6 address. */
function groupsOf (address: string): number[] {
  const [head = '', tail = ''] = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...octets: string[]) => {
    const [a, b, c, d] = octets.map(Number) as [number, number, number, number]
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  }).split('::')
  const [left, right] = [head, tail].map((part) => part === '' ? [] : part.split(':').map((group) => parseInt(group, 16))) as [number[], number[]]
  return [...left, ...Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right]
}

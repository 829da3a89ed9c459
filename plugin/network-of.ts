/** The network that an address belongs to, as far as one household has it: an address of IPv4, or a /64 of IPv6. */
export function networkOf (address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('%')[0]!.split('::')
  const [left, right] = [head, tail].map((part) => part === '' ? [] : part.split(':'))
  return [...left!, ...Array<string>(Math.max(0, 8 - left!.length - right!.length)).fill('0'), ...right!].slice(0, 4).join(':')
}

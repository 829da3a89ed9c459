import t from 'tap'
import { networkOf } from '../plugin/network-of.ts'

t.test('all notations of an address belong to the same network', async (t) => {
  const networks = [
    ['192.0.2.1', '192.0.2.1:4711', '::ffff:192.0.2.1', '::FFFF:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:c000:0201', '[::ffff:192.0.2.1]:80', ' 192.0.2.1', '"192.0.2.1"', '"192.0.2.1:4711"'],
    ['2001:db8:1:2::1', '2001:DB8:1:2::9', '2001:0db8:0001:0002:0:0:0:1', '[2001:db8:1:2::1]', '[2001:db8:1:2::1]:443', '"[2001:db8:1:2::1]:443"', '2001:db8:1:2:ffff::192.0.2.1'],
    ['::1', '::2', '0:0:0:0::1', '[::1]:80'],
    ['fe80::1%eth0', 'fe80::2']
  ]
  for (const writings of networks) t.same([...new Set(writings.map(networkOf))], [networkOf(writings[0]!)], writings[0]!)
  t.equal(new Set(networks.map(([one]) => networkOf(one!))).size, networks.length)
  t.not(networkOf('192.0.2.1'), networkOf('192.0.2.2'))
  t.not(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'))
})

t.test('values that are not addresses are distinguished by their text', async (t) => {
  for (const text of ['unknown', '', 'a:b', '[x', '1.2.3', ':::']) t.equal(networkOf(text), text)
})

import t from 'tap'
import { isNetwork, Networks } from '../plugin/networks.ts'

t.test('networks contain exactly their addresses', async (t) => {
  const networks = new Networks(['192.168.1.0/24', '10.1.2.3', 'fd00::/8', '2001:db8::1', '203.0.113.7/32'])
  const inside = ['192.168.1.1', '192.168.1.255', '10.1.2.3', 'fd12::1', '2001:db8::1', '2001:db8:0::1', '203.0.113.7', '::ffff:192.168.1.7', '::ffff:10.1.2.3', '192.168.1.1:4711', '[fd00::1]:4711', 'fd00::1%eth0']
  const outside = ['192.168.2.1', '10.1.2.4', 'fe80::1', '2001:db8::2', '203.0.113.8', '::ffff:192.168.2.7', '', 'localhost', '192.168.1', '::']
  for (const address of inside) t.ok(networks.has(address), `${address} is inside`)
  for (const address of outside) t.notOk(networks.has(address), `${address} is outside`)
  t.notOk(new Networks(['0.0.0.0/0', '::/0']).has(undefined), 'the client of a Unix socket')
  t.ok(new Networks(['0.0.0.0/0']).has('203.0.113.8'))
  t.notOk(new Networks(['0.0.0.0/0']).has('fd00::1'))
})

t.test('text that is not a network is recognized', async (t) => {
  for (const text of ['127.0.0.1', '127.0.0.0/8', '0.0.0.0/0', '::1', '::/0', 'fd00::/128', '::ffff:10.0.0.1']) t.ok(isNetwork(text), text)
  for (const text of ['', '/', '/8', '127.0.0.1/', '127.0.0.1/33', '127.0.0.1/-1', '127.0.0.1/8/8', '::1/129', 'localhost', '10.0.0', '10.0.0.0/255.0.0.0', 'fe80::1%eth0', ' 10.0.0.1', '1e1.0.0.1']) t.notOk(isNetwork(text), text)
})

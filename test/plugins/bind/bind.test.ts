import t from 'tap'
import { bindAddresses } from '../../../src/plugins/bind/bind.ts'
import { systemInterfaces } from '../../../src/runtime/network-interfaces.ts'

t.test('an interface of this machine stands for its addresses', async t => {
  const interfaces = systemInterfaces()
  const loopback = [...interfaces].find(([, addresses]) => addresses.includes('127.0.0.1'))
  t.ok(loopback, 'every machine has a loopback interface')
  t.same(bindAddresses([loopback![0]], interfaces), { value: loopback![1] })
})

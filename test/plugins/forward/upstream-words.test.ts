import t from 'tap'
import { readUpstreams } from '../../../src/plugins/forward/upstream-words.ts'
import { addressText } from '../../../src/upstream/address.ts'
import { fakeFiles } from '../../support/fake-files.ts'

const files = fakeFiles({
  '/etc/resolv.conf':
    '# a comment\nsearch a.org b.org\nnameserver 192.0.2.1\n  nameserver\t2001:db8::53 \nnameserver fe80::1%eth0\noptions ndots:5\nnameserver\n',
  '/etc/empty': 'search a.org\n'
})

/** `scheme host:port`, with `%name` and `?` for a host name that is still to be looked up. */
const read = (word: string): readonly string[] | string => {
  const parsed = readUpstreams(word, files)
  if (parsed.error !== undefined) return parsed.error
  return parsed.value.map(
    each =>
      `${each.scheme} ${addressText(each)}${each.serverName && `%${each.serverName}`}${each.isName ? ' ?' : ''}`
  )
}

t.test('a word names servers', async t => {
  const cases: readonly (readonly [string, readonly string[] | string])[] = [
    ['192.0.2.1', ['dns 192.0.2.1:53']],
    ['192.0.2.1:5353', ['dns 192.0.2.1:5353']],
    ['2001:db8::1', ['dns [2001:db8::1]:53']],
    ['[2001:db8::1]', ['dns [2001:db8::1]:53']],
    ['[2001:db8::1]:5353', ['dns [2001:db8::1]:5353']],
    ['[::1', ['dns [::1]:53']],
    ['fe80::1%eth0', ['dns [fe80::1%eth0]:53']],
    ['dns://192.0.2.1', ['dns 192.0.2.1:53']],
    ['dns://[::1]:54', ['dns [::1]:54']],
    ['tls://192.0.2.1', ['tls 192.0.2.1:853']],
    ['tls://192.0.2.1:854', ['tls 192.0.2.1:854']],
    ['tls://192.0.2.1%dns.example', ['tls 192.0.2.1:853%dns.example']],
    ['tls://192.0.2.1%dns.example:854', ['tls 192.0.2.1:854%dns.example']],
    ['tls://[2001:db8::1%dns.example]:854', ['tls [2001:db8::1]:854%dns.example']],
    ['https://192.0.2.1', ['https 192.0.2.1:443']],
    ['quic://192.0.2.1', ['quic 192.0.2.1:853']],
    ['grpc://192.0.2.1', ['grpc 192.0.2.1:443']],
    // Ports are looked at when they are used, as in CoreDNS.
    ['192.0.2.1:99999', ['dns 192.0.2.1:99999']],
    ['192.0.2.1:x', ['dns 192.0.2.1:x']],
    ['/etc/resolv.conf', ['dns 192.0.2.1:53', 'dns [2001:db8::53]:53', 'dns [fe80::1]:53']],
    ['/etc/empty', []],
    ['dns.example', ['dns dns.example:53 ?']],
    ['dns.example:54', ['dns dns.example:54 ?']],
    ['tls://dns.example%other.example', ['tls dns.example:853%other.example ?']],
    ['/etc/none', ['dns /etc/none:53 ?']],
    ['10.1', ['dns 10.1:53 ?']],
    ['tls://', 'invalid address: "tls://"'],
    ['a..b', 'not an IP address, file, or valid domain: "a..b"'],
    ['quic://dns.example', 'not an IP address, file, or valid domain: "quic://dns.example"']
  ]
  for (const [word, expected] of cases) t.same(read(word), expected, word)
})

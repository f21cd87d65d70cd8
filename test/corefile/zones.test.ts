import t from 'tap'
import { formatName, parseName } from '../../src/wire/name.ts'
import {
  fallthroughZones,
  makeZone,
  readZones,
  splitTransport,
  zonesOrKeys
} from '../../src/corefile/zones.ts'
import { readServerKeys } from '../../src/corefile/server-keys.ts'

const texts = (zones: readonly { readonly zone: string }[]): readonly string[] => zones.map(zone => zone.zone)

t.test('zones of a plugin', t => {
  const keys = readServerKeys(
    ['tls://Example.ORG:853', '10.0.0.0/23'].map(text => ({ text, at: { file: 'x', line: 1, column: 1 } })),
    53
  )
  t.same(texts(zonesOrKeys([], keys)), ['example.org.', '0.0.10.in-addr.arpa.', '1.0.10.in-addr.arpa.'])
  t.same(texts(zonesOrKeys(['a.org'], keys)), ['a.org.'])
  t.same(
    texts(zonesOrKeys(['a..org', 'b.org', '', 'c.org:'], keys)),
    ['b.org.'],
    'what is no zone is skipped'
  )
  t.same(texts(zonesOrKeys(['a..org'], keys)), [], 'and nothing comes in its place')
  t.end()
})

t.test('zones of one word', t => {
  const cases: readonly (readonly [text: string, zones: readonly string[]])[] = [
    ['.', ['.']],
    ['Cluster.Local', ['cluster.local.']],
    ['cluster.local.:53', ['cluster.local.']],
    ['dns://cluster.local', ['cluster.local.']],
    ['in-addr.arpa', ['in-addr.arpa.']],
    ['10.0.0.0/8', ['10.in-addr.arpa.']],
    ['0.0.0.0/0', ['in-addr.arpa.']],
    [
      '10.0.0.0/30',
      ['0.0.0.10.in-addr.arpa.', '1.0.0.10.in-addr.arpa.', '2.0.0.10.in-addr.arpa.', '3.0.0.10.in-addr.arpa.']
    ],
    ['2001:db8::/31', ['8.b.d.0.1.0.0.2.ip6.arpa.', '9.b.d.0.1.0.0.2.ip6.arpa.']],
    ['', []],
    ['..', []]
  ]
  for (const [text, zones] of cases) t.same(texts(readZones(text)), zones, text)
  t.end()
})

t.test('fallthrough', t => {
  t.same(texts(fallthroughZones([])), ['.'])
  t.same(texts(fallthroughZones(['in-addr.arpa', 'IP6.arpa.'])), ['in-addr.arpa.', 'ip6.arpa.'])
  t.same(texts(fallthroughZones(['a..b'])), [], 'a mistyped zone lets nothing through')
  t.end()
})

t.test('names on the wire, where a query can have them', t => {
  const usual = [
    '.',
    'cluster.local',
    'a_b.org',
    '*.org',
    'a$b.org',
    '-a.org',
    'a/b.org',
    'foo://x',
    'a\\.b.org',
    'a\\000.org',
    'a\\255'
  ]
  for (const text of usual) t.same(makeZone(text).name, parseName(makeZone(text).zone), text)
  t.equal(formatName(makeZone('Example.ORG').name!), 'example.org.')
  const never = [
    'münchen.de',
    'a\\065.org',
    'a\\b.org',
    'ex@mple.org',
    "it's.org",
    'a b.org',
    'a;b.org',
    'a\\032b.org'
  ]
  for (const text of never) t.equal(makeZone(text).name, undefined, text)
  t.end()
})

t.test('transports', t => {
  t.same(splitTransport('tls://a'), { transport: 'tls', rest: 'a' })
  t.same(splitTransport('https3://a'), { transport: 'https3', rest: 'a' })
  t.same(splitTransport('https://a'), { transport: 'https', rest: 'a' })
  t.same(splitTransport('a'), { transport: 'dns', rest: 'a' })
  t.same(splitTransport('TLS://a'), { transport: 'dns', rest: 'TLS://a' })
  t.same(splitTransport('dns://tls://a'), { transport: 'dns', rest: 'tls://a' })
  t.end()
})

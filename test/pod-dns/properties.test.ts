// What holds for every node's file and every dnsConfig.
import fc from 'fast-check'
import t from 'tap'
import { isFlaw, readNodeFile } from '../../src/pod-dns/node-file.ts'
import { octetsOf } from '../../src/pod-dns/octet-text.ts'
import { formPodDns, isFailure, type DnsConfig } from '../../src/pod-dns/pod-dns.ts'
import { resolvConfOf } from '../../src/pod-dns/resolv-conf.ts'
import { CURRENT_RULES } from '../../src/pod-dns/versions.ts'

const words = fc.constantFrom(
  'nameserver ',
  'search ',
  'options ',
  ' ',
  '\n',
  '#',
  '.',
  'a.test',
  '1.2.3.4',
  '\t',
  '\u00a0',
  '\r\n'
)
const file = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.array(words, { maxLength: 60 }).map(all => Buffer.from(all.join('')))
)
const config: fc.Arbitrary<DnsConfig> = fc.record({
  nameservers: fc.array(fc.string(), { maxLength: 6 }),
  searches: fc.array(fc.string({ maxLength: 300 }), { maxLength: 50 }),
  options: fc.array(fc.record({ name: fc.string(), value: fc.option(fc.string(), { nil: undefined }) }), {
    maxLength: 9
  })
})

t.test('any octets are read or refused with a line; entries are words', t => {
  fc.assert(
    fc.property(file, octets => {
      const read = readNodeFile(octets, CURRENT_RULES)
      if (isFlaw(read)) return (read.line ?? 0) >= 1
      const all = [...read.nameservers, ...read.searches, ...read.options]
      return all.every(entry => entry !== '' && !/[\t\n\v\f\r ]/.test(entry) && octets.length >= entry.length)
    }),
    { numRuns: 500 }
  )
  t.end()
})

t.test('limits hold, and the file has the octets that it should', t => {
  fc.assert(
    fc.property(
      file,
      config,
      fc.constantFrom('', 'Default', 'None'),
      fc.boolean(),
      (octets, dnsConfig, dnsPolicy, hostNetwork) => {
        const formed = formPodDns(
          { namespace: 'default', name: 'a', uid: '', spec: { dnsPolicy, hostNetwork, dnsConfig } },
          {
            ...{
              clusterDns: ['10.96.0.10'],
              clusterDomain: 'cluster.local',
              nodeIps: [],
              rules: CURRENT_RULES
            },
            nodeFile: { kind: 'file', path: 'node', octets }
          }
        )
        if (isFailure(formed)) return true
        const { nameservers, searches, options } = formed
        const line = octetsOf(searches.join(' '))
        const isWithin = nameservers.length <= 3 && searches.length <= 32 && line.length <= 2048
        const length = [...searches, ...nameservers, ...options].reduce(
          (sum, entry) => sum + entry.length + 1,
          0
        )
        const keywords =
          (searches.length > 0 ? 7 : 0) + 11 * nameservers.length + (options.length > 0 ? 8 : 0)
        const expected = length === 0 ? undefined : length + keywords
        return (
          isWithin &&
          searches.every(each => each.length <= 253) &&
          resolvConfOf(formed, 'cri-o')?.length === expected
        )
      }
    ),
    { numRuns: 500 }
  )
  t.end()
})

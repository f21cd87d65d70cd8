// What an API server takes and refuses of a Pod's DNS settings (resolver-semantics.md §3.7), in its words.
import t from 'tap'
import { podDnsFlaws } from '../../../src/cluster/apps/pod-dns-rules.ts'
import { podDns } from '../../../src/cluster/apps/trim-pod-dns.ts'
import { trimAppPod } from '../../../src/cluster/apps/trim-pod.ts'
import { trimWorkload } from '../../../src/cluster/apps/trim-workload.ts'
import { Fields, shownPath, type Flaw } from '../../../src/cluster/fields.ts'
import { rulesOf, type KubernetesRules } from '../../../src/pod-dns/versions.ts'

function complaints(spec: Record<string, unknown>): string[] {
  const flaws: Flaw[] = []
  podDns(new Fields(spec, flaws))
  return flaws.map(({ level, path, text }) => `${level} ${shownPath(path)}: ${text}`)
}

const config = (dnsConfig: unknown): string[] => complaints({ dnsConfig })
const RELAXED =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')"
const STRICT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const BAD_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

t.test('what is taken', t => {
  const taken: readonly Record<string, unknown>[] = [
    {},
    { dnsPolicy: null, dnsConfig: null },
    { dnsPolicy: '' },
    ...['ClusterFirst', 'ClusterFirstWithHostNet', 'Default'].map(dnsPolicy => ({ dnsPolicy })),
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'] } },
    { dnsConfig: {} },
    { dnsConfig: { nameservers: ['1.1.1.1', '2001:db8::1', '::ffff:192.0.2.1'] } },
    // Decimal all the same; new fields would not take it.
    { dnsConfig: { nameservers: ['010.000.0.08'] } },
    { dnsConfig: { searches: ['a.test', 'a.test.', 'xn--bcher-kva.test', '1.2'] } },
    { dnsConfig: { searches: ['.', '_tcp.a.test', 'a_b.test', 'a-_-b.test'] } },
    { dnsConfig: { searches: Array.from({ length: 32 }, (_, at) => `d${at}`) } },
    { dnsConfig: { searches: [`${'a'.repeat(200)}.test`] } },
    {
      dnsConfig: {
        options: [{ name: 'ndots', value: '500' }, { name: 'rotate' }, { name: 'x', value: null }]
      }
    },
    {
      dnsConfig: {
        options: [
          { name: 'ndots', value: '' },
          { name: 'ndots', value: 'x y' }
        ]
      }
    }
  ]
  for (const spec of taken) t.same(complaints(spec), [], JSON.stringify(spec).slice(0, 80))
  t.end()
})

t.test('what is refused', t => {
  t.same(complaints({ dnsPolicy: 'clusterFirst' }), [
    'error dnsPolicy: Unsupported value: "clusterFirst": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'
  ])
  t.same(complaints({ dnsPolicy: 'None' }), [
    'error dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'
  ])
  t.same(complaints({ dnsPolicy: 'None', dnsConfig: { searches: ['A'] } }), [
    'error dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None'
  ])
  t.same(config({ nameservers: ['1.1.1.1', '8.8.8.8', '9.9.9.9', '1.0.0.1'] }), [
    'error dnsConfig.nameservers: Invalid value: ["1.1.1.1","8.8.8.8","9.9.9.9","1.0.0.1"]: must not have more than 3 nameservers'
  ])
  for (const address of [
    '1.2.3',
    '1.2.3.256',
    'dns.google',
    '1.2.3.4:53',
    'fe80::1%eth0',
    '',
    '1.2.3.4 ',
    '١.1.1.1'
  ]) {
    t.same(
      config({ nameservers: [address] }),
      [`error dnsConfig.nameservers[0]: Invalid value: ${JSON.stringify(address)}: ${BAD_ADDRESS}`],
      address
    )
  }
  const bad = [
    'Corp.example',
    '-a.test',
    'a-.test',
    'a..test',
    '',
    'a.test..',
    '__x.test',
    'x_.test',
    'bücher.test',
    'a b',
    '*.a.test'
  ]
  for (const search of bad) {
    const shown = JSON.stringify(search.replace(/\.$/, ''))
    t.same(
      config({ searches: ['ok', search] }),
      [`error dnsConfig.searches[1]: Invalid value: ${shown}: ${RELAXED}`],
      search
    )
  }
  t.same(config({ options: [{ name: 'ndots' }, { value: '3' }, { name: '' }] }), [
    'error dnsConfig.options[1]: Required value: must not be empty',
    'error dnsConfig.options[2]: Required value: must not be empty'
  ])
  t.end()
})

t.test('limits of search lists', t => {
  const [paths] = config({ searches: Array.from({ length: 33 }, (_, at) => `d${at}`) })
  t.match(
    paths,
    /^error dnsConfig\.searches: Invalid value: \["d0".*: must not have more than 32 search paths$/
  )
  // Ten of 204 octets with nine blanks are 2049.
  const tenOf = (length: number) => Array.from({ length: 10 }, (_, at) => `${at}.${'a'.repeat(length - 2)}`)
  t.same(config({ searches: tenOf(203) }), [], '2039')
  t.match(config({ searches: tenOf(204) }), [
    /must not have more than 2048 characters \(including spaces\) in the search list$/
  ])
  t.match(config({ searches: ['a'.repeat(254)] }), [
    /^error dnsConfig\.searches\[0\]: Invalid value: .*: must be no more than 253 characters$/
  ])
  t.same(config({ searches: [`${'a'.repeat(253)}.`] }), [], 'the dot at the end does not count')
  t.end()
})

t.test('older versions are stricter', t => {
  const flaws = (version: string, searches: readonly string[]) =>
    podDnsFlaws(
      { dnsPolicy: '', hostNetwork: false, dnsConfig: { nameservers: [], searches, options: [] } },
      rulesOf(version) as KubernetesRules
    ).map(({ path, text }) => `${shownPath(path)}: ${text}`)
  t.same(flaws('1.32', ['_tcp.a.test']), [`dnsConfig.searches[0]: Invalid value: "_tcp.a.test": ${STRICT}`])
  t.same(flaws('1.32', ['.']), [`dnsConfig.searches[0]: Invalid value: "": ${STRICT}`])
  t.same(flaws('1.33', ['.', '_tcp.a.test']), [])
  t.same(flaws('1.25', ['a', 'b', 'c', 'd', 'e', 'f', 'g']), [
    'dnsConfig.searches: Invalid value: ["a","b","c","d","e","f","g"]: must not have more than 6 search paths'
  ])
  t.match(flaws('1.25', ['a'.repeat(128), 'b'.repeat(128)]), [/must not have more than 256 characters/])
  t.end()
})

t.test('values of the wrong kind', t => {
  t.match(complaints({ dnsPolicy: 1 }), [/^error dnsPolicy: 1 is a number; expected text/])
  t.match(config('x'), [/^error dnsConfig: "x" is text; expected a map/])
  t.match(config([]), [/^error dnsConfig: is a list; expected a map/])
  t.match(config({ nameservers: '1.1.1.1' }), [/^error dnsConfig\.nameservers: .*expected a list/])
  t.match(config({ options: [{ name: 'ndots', value: 2 }] }), [
    'error dnsConfig.options[0].value: 2 is a number; expected text: write "2" in quotes'
  ])
  t.match(config({ options: ['ndots:2'] }), [
    /^error dnsConfig\.options\[0\]: "ndots:2" is text; expected a map/
  ])
  t.end()
})

t.test('Pods and templates are refused with the path of the field', t => {
  const spec = { containers: [{ name: 'a', image: 'a' }], dnsPolicy: 'None' }
  const flaws: Flaw[] = []
  t.equal(trimAppPod({ metadata: { name: 'a' }, spec }, flaws), undefined)
  t.same(
    flaws.map(({ path }) => shownPath(path)),
    ['spec.dnsConfig']
  )
  const template = { metadata: { labels: { a: 'a' } }, spec }
  const more: Flaw[] = []
  const deployment = { metadata: { name: 'a' }, spec: { selector: { matchLabels: { a: 'a' } }, template } }
  t.equal(trimWorkload('Deployment')(deployment, more), undefined)
  t.same(
    more.map(({ path }) => shownPath(path)),
    ['spec.template.spec.dnsConfig']
  )
  t.end()
})

t.test('long lists are judged at once', t => {
  const many = Array.from({ length: 10_000 }, (_, at) => ({ name: at % 2 === 0 ? '' : 'x' }))
  t.equal(config({ options: many }).length, 100)
  t.equal(config({ searches: Array.from({ length: 10_000 }, () => `${'a-'.repeat(120)}.`) }).length, 100)
  t.end()
})

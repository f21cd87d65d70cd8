import { readFileSync } from 'node:fs'
import t from 'tap'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { formatName } from '../../../src/wire/name.ts'
import { setupMessage } from '../../support/blocks.ts'
import { serve } from './support.ts'

const at = (line: number, what: string) => `Corefile:${line} - Error during parsing: ${what}`
const args = (line: number, word: string) =>
  at(line, `Wrong argument count or unexpected line ending after '${word}'`)
const both = 'namespaces and namespace_labels cannot both be set'
const zonal = 'zonal and noendpoints cannot both be set'
const pods = (word: string) => `wrong value for pods: ${word},  must be one of: disabled, verified, insecure`

const bad: readonly (readonly [property: string, message: string])[] = [
  ['ttl', args(3, 'ttl')],
  ['ttl 5 6', args(3, '6')],
  ['ttl -1', at(3, 'ttl must be in range [0, 3600]: -1')],
  ['ttl 3601', at(3, 'ttl must be in range [0, 3600]: 3601')],
  ['ttl x', 'strconv.Atoi: parsing "x": invalid syntax'],
  ['pods', args(3, 'pods')],
  ['pods insecure verified', args(3, 'verified')],
  ['pods bad', pods('bad')],
  ['namespaces', args(3, 'namespaces')],
  ['namespaces a\nnamespace_labels b=c', at(5, both)],
  ['namespace_labels b=c\nnamespaces a', at(5, both)],
  ['namespace_labels', args(3, 'namespace_labels')],
  ['labels', args(3, 'labels')],
  ['noendpoints x', args(3, 'x')],
  ['noendpoints\nzonal', at(4, zonal)],
  ['zonal\nnoendpoints', at(4, zonal)],
  ['zonal x', args(3, 'x')],
  ['endpoint_pod_names x', args(3, 'x')],
  ['ignore', args(3, 'ignore')],
  ['ignore bad', "unable to parse ignore value: 'bad'"],
  ['startup_timeout', args(3, 'startup_timeout')],
  ['endpoint', args(3, 'endpoint')],
  ['tls a b', args(3, 'b')],
  ['kubeconfig', args(3, 'kubeconfig')],
  ['kubeconfig a b c', args(3, 'c')],
  ['apiserver_qps', args(3, 'apiserver_qps')],
  ['apiserver_burst -1', at(3, 'apiserver_burst must be >= 0')],
  ['manifests', args(3, 'manifests')],
  ['apps', args(3, 'apps')],
  ['multicluster other.local', 'is not authoritative for the multicluster zone other.local'],
  ...[
    'upstream',
    'resyncperiod 1s',
    'transfer to *',
    'federation',
    'wildcard',
    '__proto__',
    'constructor'
  ].map(property => [property, at(3, `unknown property '${property.split(' ')[0] ?? ''}'`)] as const)
]

for (const [property, message] of bad) {
  t.test(property, async t =>
    t.equal(setupMessage(`kubernetes cluster.local {\n${property}\n}`, kubernetesPlugin), message)
  )
}

t.test('zones', async t => {
  t.equal(setupMessage('kubernetes 10.in-addr.arpa', kubernetesPlugin), 'non-reverse zone name must be used')
  t.equal(
    setupMessage('kubernetes cluster.local\nkubernetes other.local', kubernetesPlugin),
    'this plugin can only be used once per Server Block'
  )
  const zone = (octets: number) => `${`${'z'.repeat(63)}.`.repeat(3)}${'z'.repeat(octets - 194)}`
  t.equal(
    setupMessage(`kubernetes ${zone(245)}`, kubernetesPlugin),
    `zone ${zone(245)}. takes 245 octets, expected 244 at most: its SOA holds the name hostmaster.<zone>`
  )
  const served = await serve(zone(244), [])
  t.match(await served.ask(zone(244), 'SOA'), { rcode: 'NOERROR', answer: [/ SOA .*rname=hostmaster\.z/] })
})

interface Recorded {
  readonly id: string
  readonly corefile: string
  readonly error: string
}

t.test('what CoreDNS was seen to say', t => {
  const file = new URL('../../../../test/fixtures/corefile/bad-input.json', import.meta.url)
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Recorded[] }
  // kubernetes-17 is about the API server, which the command line decides about.
  const ours = cases.filter(({ id }) => /^kubernetes-\d+$/.test(id) && id !== 'kubernetes-17')
  t.ok(ours.length >= 7)
  for (const { id, corefile, error } of ours) {
    const stanza = corefile.slice(corefile.indexOf('\n') + 1, corefile.lastIndexOf('}')).trim()
    const expected = error.replace('plugin/kubernetes: ', '').replace('@DIR@/', '')
    t.equal(setupMessage(stanza, kubernetesPlugin), expected, id)
  }
  t.end()
})

const good: readonly (readonly [stanza: string, expected: Record<string, unknown>])[] = [
  ['', { zones: ['.'], ttl: 5, pods: 'disabled', namespaces: [], primary: '.' }],
  ['cluster.local {\nttl 0\n}', { ttl: 0 }],
  ['cluster.local {\nttl 3600\n}', { ttl: 3600 }],
  ['cluster.local {\nnamespaces a b\nnamespaces c\n}', { namespaces: ['a', 'b', 'c'] }],
  ['cluster.local {\nignore empty_service whatever\n}', { ignoreEmptyService: true }],
  ['Cluster.Local cluster.local', { zones: ['cluster.local.'] }],
  [
    '10.in-addr.arpa cluster.local',
    { zones: ['10.in-addr.arpa.', 'cluster.local.'], primary: 'cluster.local.' }
  ],
  ['in-addr.arpa cluster.local', { primary: 'in-addr.arpa.' }],
  ['cluster.local 10.96.0.0/24', { zones: ['cluster.local.', '0.96.10.in-addr.arpa.'] }],
  ['cluster.local {\nmulticluster\n}', { zones: ['cluster.local.'] }],
  ['cluster.local {\nmulticluster cluster.local\n}', { zones: ['cluster.local. multicluster'] }],
  [
    'cluster.local {\nendpoint http://a http://b\ntls a b c\nkubeconfig a b\nstartup_timeout 1s\napiserver_qps 1.5\napps a\nmanifests b\n}',
    { ttl: 5 }
  ]
]

for (const [stanza, expected] of good) {
  t.test(`good: ${stanza}`, async t => {
    const { plugin } = await serve(stanza, [])
    const { options } = plugin
    t.match(
      {
        ...options,
        zones: options.zones.map(
          zone => `${formatName(zone.name)}${zone.isMulticluster ? ' multicluster' : ''}`
        ),
        namespaces: options.namespaces.map(name => Buffer.from(name).toString()),
        primary: formatName(options.primaryZone)
      },
      expected
    )
  })
}

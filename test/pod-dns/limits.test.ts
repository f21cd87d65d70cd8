// Limits and what the kubelet says of them: the tables of TestFormDNSSearchFitsLimits and
// TestFormDNSNameserversFitsLimits (resolver-semantics.md §3.5), and the edges.
import t from 'tap'
import { fitNameservers, fitSearches, nodeFileEvents, type KubeletEvent } from '../../src/pod-dns/limits.ts'
import { fileText, messages, settings, type Case } from './support.ts'

const NOW = { searchPathsMax: 32, searchOctetsMax: 2048 }
const OLD = { searchPathsMax: 6, searchOctetsMax: 256 }

const numbered = (count: number, length: number): string[] =>
  Array.from({ length: count }, (_, at) => String(at).padEnd(length, 'x'))

const PREFIX =
  'Search Line limits were exceeded, some search paths have been omitted, the applied search line is: '

t.test('search lists', t => {
  const long = 'B'.repeat(256)
  const exact = numbered(16, 127)
  t.equal(exact.join(' ').length, 2047)
  // 16 entries that make 2048 octets with their blanks.
  const full = [...exact.slice(0, 15), 'y'.repeat(128)]
  t.equal(full.join(' ').length, 2048)
  const cases: readonly {
    readonly name: string
    readonly given: readonly string[]
    readonly limits: typeof NOW
    readonly kept: readonly string[]
  }[] = [
    { name: 'few', given: ['a', 'b'], limits: OLD, kept: ['a', 'b'] },
    { name: 'none', given: [], limits: OLD, kept: [] },
    { name: 'six, formerly', given: numbered(6, 1), limits: OLD, kept: numbered(6, 1) },
    { name: 'seven, formerly', given: numbered(7, 1), limits: OLD, kept: numbered(6, 1) },
    {
      name: '256 octets, formerly',
      given: ['a'.repeat(127), 'b'.repeat(128)],
      limits: OLD,
      kept: ['a'.repeat(127), 'b'.repeat(128)]
    },
    {
      name: '257 octets, formerly',
      given: ['a'.repeat(128), 'b'.repeat(128)],
      limits: OLD,
      kept: ['a'.repeat(128)]
    },
    {
      name: 'a long one among six',
      given: ['0', '1', long, '3', '4', '5'],
      limits: OLD,
      kept: ['0', '1', '3', '4', '5']
    },
    { name: '253 octets', given: ['a'.repeat(253)], limits: OLD, kept: ['a'.repeat(253)] },
    { name: '254 octets', given: ['a'.repeat(254)], limits: OLD, kept: [] },
    {
      name: 'a long one counts before it goes',
      given: ['0', long, '2', '3', '4', '5', '6'],
      limits: OLD,
      kept: ['0', '2', '3', '4', '5']
    },
    { name: '32', given: numbered(32, 2), limits: NOW, kept: numbered(32, 2) },
    { name: '33', given: numbered(33, 2), limits: NOW, kept: numbered(32, 2) },
    { name: '16 of 2048 octets', given: full, limits: NOW, kept: full },
    { name: 'and one of one octet', given: [...full, 'B'], limits: NOW, kept: full },
    {
      name: 'as many as needed go from the end',
      given: [...full.slice(0, 15), 'y'.repeat(129), 'z'],
      limits: NOW,
      kept: full.slice(0, 15)
    }
  ]
  for (const { name, given, limits, kept } of cases) {
    const events: KubeletEvent[] = []
    t.same(fitSearches(given, limits, events), kept, name)
    const expected =
      kept.length === given.length
        ? []
        : [{ on: 'pod', reason: 'DNSConfigForming', message: `${PREFIX}${kept.join(' ')}` }]
    t.same(events, expected, `${name}: event`)
  }
  t.end()
})

t.test('octets are counted, not characters', t => {
  // 127 letters of two octets each are 254 octets.
  const one: Case = {
    name: 'ü',
    policy: 'None',
    nameservers: ['1.1.1.1'],
    searches: ['ü'.repeat(127), 'ü'.repeat(126)]
  }
  t.equal(fileText(one), `search ${'ü'.repeat(126)}\nnameserver 1.1.1.1\n`)
  t.same(messages(one), [`pod DNSConfigForming: ${PREFIX}${'ü'.repeat(126)}`])
  t.end()
})

t.test('nameservers', t => {
  for (const [given, kept] of [
    [
      ['1', '2', '3'],
      ['1', '2', '3']
    ],
    [[], []],
    [
      ['1', '2', '3', '4'],
      ['1', '2', '3']
    ]
  ] as const) {
    const events: KubeletEvent[] = []
    t.same(fitNameservers(given, events), kept)
    const message =
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 1 2 3'
    t.same(events, given.length > 3 ? [{ on: 'pod', reason: 'DNSConfigForming', message }] : [])
  }
  t.end()
})

t.test('a Pod that breaks both limits: nameservers are told first', t => {
  const one: Case = {
    name: 'both',
    ...{ node: '', clusterDomain: 'c.test', version: '1.24', clusterDns: ['10.96.0.10', 'fd00::a'] },
    ...{ nameservers: ['1.1.1.1', '9.9.9.9'], searches: ['a', 'b', 'c', 'd'] }
  }
  t.same(messages(one), [
    'pod DNSConfigForming: Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 10.96.0.10 fd00::a 1.1.1.1',
    `pod DNSConfigForming: ${PREFIX}default.svc.c.test svc.c.test c.test a b c`
  ])
  t.equal(
    fileText(one),
    'search default.svc.c.test svc.c.test c.test a b c\nnameserver 10.96.0.10\nnameserver fd00::a\nnameserver 1.1.1.1\noptions ndots:5\n'
  )
  t.end()
})

t.test('what counts is the list after the merge: the cluster takes three places', t => {
  const searches = (count: number) => numbered(count, 3).join(' ')
  const kept = (count: number, version?: string) =>
    settings({
      name: 'x',
      node: `search ${searches(count)}\n`,
      ...(version === undefined ? {} : { version })
    }).searches.length
  t.equal(kept(3, '1.25'), 6)
  t.equal(kept(4, '1.25'), 6, 'the last one of the node is lost')
  t.equal(kept(29), 32)
  t.equal(kept(40), 32)
  t.equal(
    settings({ name: 'Default', policy: 'Default', node: `search ${searches(33)}\n` }).searches.length,
    32
  )
  t.end()
})

t.test("what the kubelet says of the node's file itself", t => {
  const say = (searches: readonly string[], hasDomain: boolean, limits = NOW) =>
    nodeFileEvents('/etc/resolv.conf', searches, hasDomain, limits).map(event => event.message)
  t.same(say(numbered(29, 2), true), [])
  t.same(say(numbered(30, 2), true), [
    "Resolv.conf file '/etc/resolv.conf' contains search line consisting of more than 29 domains!"
  ])
  t.same(say(numbered(32, 2), false), [])
  t.same(say(numbered(33, 2), false), [
    "Resolv.conf file '/etc/resolv.conf' contains search line consisting of more than 32 domains!"
  ])
  t.same(say(numbered(4, 2), true, OLD), [
    "Resolv.conf file '/etc/resolv.conf' contains search line consisting of more than 3 domains!"
  ])
  t.same(say(['a', 'b'.repeat(254)], true), [
    'Resolv.conf file "/etc/resolv.conf" contains a search path which length is more than allowed 253 chars!'
  ])
  t.same(say(numbered(10, 250), true), [
    "Resolv.conf file '/etc/resolv.conf' contains search line which length is more than allowed 2048 chars!"
  ])
  t.same(say(numbered(30, 254), true).length, 1, 'only the first one that applies')
  t.end()
})

t.test('names and lists far over every limit end as short files', t => {
  const one: Case = {
    ...{ name: 'huge', searches: Array.from({ length: 10_000 }, () => 'x'.repeat(300)) },
    options: Array.from({ length: 10_000 }, (_, at) => [`o${at}`, String(at)] as const)
  }
  const dns = settings(one)
  t.same(dns.searches, [
    'default.svc.cluster.local',
    'svc.cluster.local',
    'cluster.local',
    'corp.example',
    'lab.example'
  ])
  t.equal(dns.options.length, 10_001, 'options have no limit')
  t.end()
})

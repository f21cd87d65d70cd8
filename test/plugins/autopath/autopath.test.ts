// autopath: with a file, with Pods, and what its walk passes through.
import t from 'tap'
import type { ClusterObject } from '../../../src/cluster/objects.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { writeSections } from '../../../src/dns/sections.ts'
import { readSearchList } from '../../../src/plugins/autopath/search-list.ts'
import { autopathPlugin } from '../../../src/plugins/autopath/setup.ts'
import { cachePlugin } from '../../../src/plugins/cache/setup.ts'
import type { PluginDefinition } from '../../../src/plugins/definition.ts'
import { kubernetesPlugin } from '../../../src/plugins/kubernetes/setup.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { formatName } from '../../../src/wire/name.ts'
import { Flag, Rcode } from '../../../src/wire/numbers.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { makeQuery, responseText } from '../../support/messages.ts'
import { compareErrors } from '../../support/recorded-errors.ts'
import { service } from '../../cluster/index/support.ts'

t.test('what CoreDNS was seen to say', t => {
  compareErrors(t, autopathPlugin, 1)
  t.equal(setupMessage('autopath', autopathPlugin), 'no resolv-conf specified')
  t.end()
})

t.test('search lists', t => {
  const list = (text: string) => readSearchList(text).map(name => formatName(name))
  t.same(list('nameserver 192.0.2.1\nsearch A.org b.org. \n# search c.org\n'), ['a.org.', 'b.org.'])
  t.same(list('search a.org\ndomain b.org'), ['b.org.'], 'the last line counts')
  t.same(list('search a..b c.org'), ['c.org.'])
  t.same(list(''), [])
  t.equal(list(`search ${'a '.repeat(100)}`).length, 32)
  t.end()
})

type Script = Readonly<Record<string, string | readonly string[]>>

/** Behind the walk: records by name, or `SERVFAIL` and the like; NXDOMAIN for others. `later` answers in a later turn. */
function behind(script: Script, seen: string[], later = false): Handler {
  const answerNow: Handler['answer'] = query => {
    const name = formatName(query.name)
    seen.push(name)
    const found = script[name.toLowerCase()]
    if (found === 'unwritten') return emptyAnswer(query, Rcode.SERVFAIL)
    const rcode = found === 'SERVFAIL' ? Rcode.SERVFAIL : found === undefined ? Rcode.NXDOMAIN : Rcode.NOERROR
    const answer = (Array.isArray(found) ? (found as readonly string[]) : []).map(line => {
      const record = parseRecord(line.replaceAll('@NAME@', name))
      return { ...record, owner: record.name }
    })
    return writeSections(query, { answer, authority: [], additional: [] }, rcode, Flag.AA)
  }
  return { answer: query => (later ? Promise.resolve().then(() => answerNow(query)) : answerNow(query)) }
}

function walk(script: Script, later = false) {
  const seen: string[] = []
  const runtime = testRuntime({ 'resolv.conf': 'search a.org b.org\n' })
  const shared = testShared(runtime)
  const last = behind(script, seen, later)
  const [block] = setupBlocks('.:53 {\nautopath resolv.conf\n}', [autopathPlugin], shared, last)
  return { seen, chain: block!.chain, metrics: metricsOf(shared) }
}

const here = ['@NAME@ 60 IN A 10.0.0.1']
const cases: readonly (readonly [
  about: string,
  name: string,
  script: Script,
  seen: readonly string[],
  rcode: string,
  answer: readonly string[]
])[] = [
  ['not below the first element', 'x.b.org', {}, ['x.b.org.'], 'NXDOMAIN', []],
  [
    'the first name exists',
    'x.a.org',
    { 'x.a.org.': here },
    ['x.a.org.'],
    'NOERROR',
    ['x.a.org 60 A 10.0.0.1']
  ],
  [
    'the second',
    'X.a.org',
    { 'x.b.org.': here },
    ['X.a.org.', 'X.b.org.'],
    'NOERROR',
    ['X.a.org 60 CNAME X.b.org', 'X.b.org 60 A 10.0.0.1']
  ],
  [
    'the name itself',
    'x.net.a.org',
    { 'x.net.': ['x.net. 9 IN CNAME y.net.', 'y.net. 8 IN A 10.0.0.1'] },
    ['x.net.a.org.', 'x.net.b.org.', 'x.net.'],
    'NOERROR',
    ['x.net.a.org 9 CNAME x.net', 'x.net 9 CNAME y.net', 'y.net 8 A 10.0.0.1']
  ],
  ['no data ends the walk', 'x.a.org', { 'x.b.org.': [] }, ['x.a.org.', 'x.b.org.'], 'NOERROR', []],
  ['nothing anywhere', 'x.a.org', {}, ['x.a.org.', 'x.b.org.', 'x.'], 'NXDOMAIN', []],
  [
    "an upstream's failure ends it",
    'x.a.org',
    { 'x.b.org.': 'SERVFAIL' },
    ['x.a.org.', 'x.b.org.'],
    'SERVFAIL',
    []
  ],
  [
    'a plugin that wrote nothing does not',
    'x.a.org',
    { 'x.b.org.': 'unwritten', 'x.': here },
    ['x.a.org.', 'x.b.org.', 'x.'],
    'NOERROR',
    ['x.a.org 60 CNAME x', 'x 60 A 10.0.0.1']
  ]
]

for (const later of [false, true]) {
  for (const [about, name, script, seen, rcode, answer] of cases) {
    t.test(`${about}${later ? ', answers that come later' : ''}`, async t => {
      const bench = walk(script, later)
      const reply = await askHandler(bench.chain, name)
      t.same(bench.seen, seen)
      t.has(reply, { rcode, question: `${name} A` })
      t.same(reply.answer, answer)
    })
  }
}

t.test('a name that is the first element', async t => {
  const { chain, seen } = walk({})
  const query = makeQuery('a.org', 'A')
  const answer = await chain.answer(query)
  t.equal(answer.error?.message, 'trimzone: overshot qname: a.org.for zone a.org.')
  t.has(responseText(query, answer), { rcode: 'SERVFAIL', flags: 'qr rd' })
  t.same(seen, [])
})

t.test('names that would be too long are passed over', async t => {
  const runtime = testRuntime({ r: `search a ${'b.'.repeat(30)}org\n` })
  const seen: string[] = []
  const [block] = setupBlocks(
    '.:53 {\nautopath r\n}',
    [autopathPlugin],
    testShared(runtime),
    behind({}, seen)
  )
  await askHandler(block!.chain, `${'x.'.repeat(110)}a`)
  t.equal(seen.length, 2)
})

t.test('successes are counted', async t => {
  const { chain, metrics } = walk({ 'x.b.org.': here })
  await askHandler(chain, 'x.a.org')
  await askHandler(chain, 'y.a.org')
  const family = metrics.collect().find(({ name }) => name === 'coredns_autopath_success_total')
  t.match(family?.samples, [{ labels: { server: 'dns://:53' }, value: 1 }])
})

const pod = (namespace: string, podIP: string): ClusterObject => ({
  kind: 'Pod',
  namespace,
  name: `${namespace}-0`,
  labels: {},
  podIP,
  phase: 'Running',
  deleting: false
})

async function cluster(lines: string, more: readonly PluginDefinition[] = []) {
  const source = new MemorySource()
  for (const name of ['shop', 'other']) source.put({ kind: 'Namespace', name, labels: {} })
  source.put(service('other', 'web', { clusterIPs: ['10.96.0.7'] }))
  source.put(pod('shop', '192.0.2.7'))
  const runtime = testRuntime({ '/etc/resolv.conf': 'search corp.example\n' })
  const shared = testShared(runtime, { clusterSource: () => ({ key: 'test', make: () => source }) })
  const seen: string[] = []
  const [block] = setupBlocks(
    `.:53 {\n${lines}\n}`,
    [autopathPlugin, kubernetesPlugin, ...more],
    shared,
    behind({ 'out.example.': here }, seen)
  )
  await block!.start()
  await shared.clusters.start()
  return { source, runtime, seen, chain: block!.chain, metrics: metricsOf(shared) }
}

const STANZA = 'autopath @kubernetes\nkubernetes cluster.local {\npods verified\n}'

t.test('a Pod has the search path of its namespace, and it moves with the Pod', async t => {
  const { chain, source, seen } = await cluster(STANZA)
  const alias = ['web.other.shop.svc.cluster.local 5 CNAME web.other.svc.cluster.local']
  const asked = 'web.other.shop.svc.cluster.local'
  t.match((await askHandler(chain, asked)).answer, [...alias, /10\.96\.0\.7$/])
  t.equal((await askHandler(chain, asked, 'A', { from: '192.0.2.8' })).rcode, 'NXDOMAIN', 'not for others')
  const out = await askHandler(chain, 'out.example.shop.svc.cluster.local')
  t.equal(out.answer.length, 2)
  t.same(seen, ['out.example.corp.example.', 'out.example.'], "the server's own search list, then the name")
  source.put(pod('other', '192.0.2.9'))
  t.equal((await askHandler(chain, asked, 'A', { from: '192.0.2.9' })).rcode, 'NXDOMAIN', 'another namespace')
  source.remove('Pod', 'shop', 'shop-0')
  t.equal((await askHandler(chain, asked)).rcode, 'NXDOMAIN', 'gone')
})

t.test('without Pods a warning says that nothing happens', async t => {
  const { runtime, chain } = await cluster('autopath @kubernetes\nkubernetes cluster.local')
  t.match(runtime.log.lines, [/autopath @kubernetes changes no query/])
  t.equal((await askHandler(chain, 'web.other.shop.svc.cluster.local')).rcode, 'NXDOMAIN')
})

const BY_NAME = 'autopath @name\nkubernetes cluster.local'

/** [asked, what it is answered with (a name error where nothing), the outcome that is counted] */
const byName: readonly (readonly [string, readonly (string | RegExp)[], string])[] = [
  [
    'web.other.shop.svc.cluster.local',
    ['web.other.shop.svc.cluster.local 5 CNAME web.other.svc.cluster.local', /10\.96\.0\.7$/],
    'found'
  ],
  [
    'out.example.SHOP.svc.cluster.local',
    ['out.example.SHOP.svc.cluster.local 60 CNAME out.example', /10\.0\.0\.1$/],
    'found'
  ],
  ['not.there.example.shop.svc.cluster.local', [], 'nothing-found'],
  ['out.example.nowhere.svc.cluster.local', [], 'unknown-namespace'],
  ['web.other.svc.cluster.local', [/10\.96\.0\.7$/], 'may-be-meant'],
  ['none.other.svc.cluster.local', [], 'may-be-meant'],
  ['web-0.web.other.svc.cluster.local', [], 'may-be-meant'],
  ['_http._tcp.none.other.svc.cluster.local', [], 'may-be-meant'],
  ['other.svc.cluster.local', [], 'outside-path'],
  ['out.example.shop.pod.cluster.local', [], 'outside-path'],
  ['out.example.shop.xsvc.cluster.local', [], 'outside-path']
]

for (const [name, answer, outcome] of byName) {
  t.test(`@name: ${name}`, async t => {
    // Two replicas, asked from one address that is no Pod's and from another.
    for (const from of ['192.0.2.200', '10.244.0.1']) {
      const { chain, metrics } = await cluster(BY_NAME)
      const reply = await askHandler(chain, name, 'A', { from })
      if (answer.length === 0) t.same(reply.answer, [], reply.rcode)
      else t.match(reply.answer, answer)
      const family = metrics.collect().find(each => each.name === 'labdns_autopath_queries_total')
      t.match(family?.samples, [{ labels: { server: 'dns://:53', outcome }, value: 1 }])
      t.equal(family?.samples.length, 1)
    }
  })
}

t.test('@name needs a cluster', async t => {
  const { runtime, chain } = await cluster('autopath @name')
  t.match(runtime.log.lines, [/autopath @name changes no query: it needs the kubernetes plugin/])
  t.same((await askHandler(chain, 'out.example.shop.svc.cluster.local')).answer, [])
})

t.test('@name: what is made up is in no cache', async t => {
  const { chain, source } = await cluster(`${BY_NAME}\ncache 30`, [cachePlugin])
  const name = 'web.other.shop.svc.cluster.local'
  t.equal((await askHandler(chain, name)).answer.length, 2)
  source.remove('Service', 'other', 'web')
  t.same((await askHandler(chain, name)).answer, [])
  // From now on a Service of the name's own namespace is what it means.
  source.put(service('shop', 'other', { clusterIPs: ['None'] }))
  t.equal((await askHandler(chain, name)).rcode, 'NXDOMAIN')
})

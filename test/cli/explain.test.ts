// `labdns explain`: every reason as JSON and as text, whose walk it is, and how it ends.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { readArguments } from '../../src/cli/arguments.ts'
import { reportFor, textsOf } from '../../src/cli/explain.ts'
import type { Report } from '../../src/cli/explain/report.ts'
import { LAB } from '../explain/lab.ts'
import { scenarios } from '../explain/scenarios.ts'
import { ScriptedUpstream, reply } from '../support/scripted-upstream.ts'
import { testRuntime } from '../support/running-app.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'labdns-explain-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const lab = fileURLToPath(LAB)
const put = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const corefile = (name: string, stanza: readonly string[] = [], more: readonly string[] = []): string =>
  put(
    name,
    `.:53 {\nlog\nhealth\nready\n${more.join('\n')}\nkubernetes cluster.local in-addr.arpa {\npods insecure\n${stanza.join('\n')}\n}\n}\n`
  )
const plain = corefile('Corefile')

async function report(words: readonly string[]): Promise<Report> {
  const invocation = readArguments(['explain', ...words])
  if (invocation.command !== 'explain') throw new Error(JSON.stringify(invocation))
  return reportFor(invocation.arguments, invocation.explain, testRuntime())
}

const text = (given: Report) => [...textsOf(given, { json: false, dot: false })].join('')

t.test('what docs/explain.md shows is what is printed', async t => {
  const document = readFileSync(join(root, 'docs/explain.md'), 'utf8')
  const examples = [...document.matchAll(/^```console\n\$ npx labdns explain (.*)\n([^]*?)^```$/gm)]
  t.ok(examples.length >= 2)
  for (const [, line = '', output = ''] of examples) {
    // As the program would, whatever Corefile or resolver this machine has.
    const words = line.replace('config/apps', join(root, 'config/apps')).split(' ')
    const shown = text(await report(words)).replaceAll(root, '')
    t.equal(shown, output, line)
  }
})

t.test('every reason, as JSON and as text', async t => {
  for (const [at, { reason, stanza = [], name, type, rcode, rule, says }] of scenarios.entries()) {
    const conf = corefile(`Corefile.${at}`, stanza)
    const found = await report([`${name}.`, '--type', type, '-conf', conf, '--apps', lab])
    const json = JSON.parse([...textsOf(found, { json: true, dot: false })].join('')) as Report
    const [walk] = json.walks
    const [query] = walk!.queries
    t.equal(walk!.queries.length, 1, `${reason}: an absolute name is asked once`)
    t.equal(query!.name, `${name}.`, reason)
    t.equal(query!.reply, rcode === 'NOERROR' ? 'ANSWER' : rcode, reason)
    t.equal(query!.plugin, 'kubernetes', reason)
    t.equal(query!.facts.at(-1)!.rule, rule, reason)
    t.same(query!.why, says, reason)
    const lines = text(found).split('\n')
    for (const sentence of says)
      t.ok(
        lines.some(line => line.trim() === sentence),
        `${reason}: ${sentence}`
      )
  }
})

t.test('the walk of a Pod, and where its names lead', async t => {
  const upstream = await ScriptedUpstream.open(asked => asked.send(reply(asked, [], { rcode: 3 })))
  const conf = corefile('Corefile.forward', [], [`forward . 127.0.0.1:${upstream.port}`])
  const state = ['-conf', conf, '--apps', lab]
  const walked = await report(['backend', '--type', 'A', '--from', 'pod/shop/peer-a', ...state])
  t.equal(walked.from, 'pod/shop/peer-a')
  t.equal(walked.asksClusterDns, true)
  const [walk] = walked.walks
  t.equal(walk!.ok, false)
  t.same(
    walk!.queries.map(({ name, reply, plugin }) => `${name!} ${reply} ${plugin!}`),
    [
      'backend.shop.svc.cluster.local. NXDOMAIN kubernetes',
      'backend.svc.cluster.local. NXDOMAIN kubernetes',
      'backend.cluster.local. NXDOMAIN kubernetes',
      'backend. NXDOMAIN forward'
    ]
  )
  const last = walk!.queries.at(-1)!
  t.equal(last.upstream, `127.0.0.1:${upstream.port}`)
  t.ok(last.upstreamMs! >= 0)
  t.equal(last.why[0], 'this exists in the cluster: backend.default.svc.cluster.local')
  const lines = text(walked).split('\n')
  t.match(lines[0], /^state: --apps .*lab\.yaml, Corefile .*Corefile\.forward$/)
  t.match(lines[1], /^from: pod\/shop\/peer-a: dnsPolicy ClusterFirst \(the default\)/)
  t.match(lines[2], /^resolv\.conf: nameserver 10\.96\.0\.10; search shop\.svc\.cluster\.local/)

  const dot = [...textsOf(walked, { json: false, dot: true })].join('')
  t.match(dot, /^digraph explain \{[^]*w0_start -> w0_0[^]*w0_3 -> w0_end[^]*\}\n$/)
  const found = await report(['backend.default', '--resolver', 'musl', '--resolver', 'glibc', ...state])
  t.same(
    found.walks.map(({ resolver, addresses, queries }) => [resolver, addresses, queries.length]),
    [
      ['musl-1.2.5', ['10.96.1.1'], 4],
      ['glibc-2.36', ['10.96.1.1'], 4]
    ]
  )
  await upstream.close()
})

t.test('whom a Pod asks that has settings of its own', async t => {
  const pods = put(
    'pods.yaml',
    ['Default', 'None']
      .map(policy => {
        const config = policy === 'None' ? '\n  dnsConfig: { nameservers: [192.0.2.53] }' : ''
        return `apiVersion: v1\nkind: Pod\nmetadata: { name: ${policy.toLowerCase()}, namespace: shop }\nspec:\n  dnsPolicy: ${policy}${config}\n  containers: [{ name: a, image: a }]\n`
      })
      .join('---\n')
  )
  const state = ['-conf', plain, '--apps', lab, '--apps', pods]
  for (const [pod, why, note] of [
    [
      'default',
      /dnsPolicy Default: .*the cluster's DNS is not asked \(dnsPolicy: ClusterFirst would\)/,
      /asks its node's nameservers/
    ],
    [
      'none',
      /dnsPolicy None: .*the cluster's DNS is not asked .*10\.96\.0\.10 in dnsConfig/,
      /asks 192\.0\.2\.53:/
    ]
  ] as const) {
    const found = await report(['backend', '--from', `pod/shop/${pod}`, ...state])
    t.equal(found.asksClusterDns, false)
    t.match(found.dns, why)
    t.match(found.notes.at(-1), note)
    t.same(found.walks, [], 'nothing is made up')
  }
})

t.test("a resolv.conf of one's own", async t => {
  const conf = put('resolv.conf', 'nameserver 192.0.2.1\nsearch default.svc.cluster.local\noptions ndots:1\n')
  const found = await report(['backend', '--resolv-conf', conf, '-conf', plain, '--apps', lab])
  t.equal(found.walks[0]!.ok, true)
  t.same(found.searches, ['default.svc.cluster.local'])
  t.equal(found.walks[0]!.queries[0]!.name, 'backend.default.svc.cluster.local.')
})

t.test("a server: the walk is the model's, the reasons are its extended errors", async t => {
  const upstream = await ScriptedUpstream.open(asked => {
    const data = Buffer.concat([Buffer.from([0, 0]), Buffer.from('because it says so')])
    const options =
      asked.query.additionals?.some(({ type }) => type === 'OPT') === true ? [{ code: 15, data }] : []
    asked.send(
      reply(asked, [], {
        rcode: 3,
        additionals: [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 1232,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: 0,
            flag_do: false,
            options
          }
        ] as never
      })
    )
  })
  const conf = put('server.conf', 'nameserver 10.96.0.10\nsearch a.test\n')
  const at = `127.0.0.1:${upstream.port}`
  const found = await report(['name', '--server', at, '--resolv-conf', conf, '--type', 'A'])
  t.equal(found.state, `server ${at}`)
  t.same(
    found.walks[0]!.queries.map(({ name, reply, why }) => [name, reply, why]),
    [
      ['name.a.test.', 'NXDOMAIN', ['because it says so']],
      ['name.', 'NXDOMAIN', ['because it says so']]
    ]
  )
  await upstream.close()
})

t.test('a Service for Pods that no Service selects', async t => {
  const found = await report(['orders.shop.svc.cluster.local.', '--type', 'A', '-conf', plain, '--apps', lab])
  t.equal(found.services.length, 1)
  t.match(
    text(found),
    /kind: Service\nmetadata: \{ name: orders, namespace: shop \}\nspec:\n {2}selector:\n {4}app: "orders"\n {2}ports:\n {4}- \{ name: http, port: 9000 \}\n$/
  )
  // It is what it promises to be.
  const made = put('made.yaml', found.services[0]!)
  const again = await report([
    'orders.shop.svc.cluster.local.',
    '--type',
    'A',
    '-conf',
    plain,
    '--apps',
    lab,
    '--apps',
    made
  ])
  t.equal(again.walks[0]!.ok, true)
  t.same(again.walks[0]!.queries[0]!.why, ['Service shop/orders has these cluster IPs'])
})

t.test('NetworkPolicies of the state', async t => {
  const policy = (name: string, egress: string) =>
    put(
      `${name}.yaml`,
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name}, namespace: shop }\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress: ${egress}\n`
    )
  const words = ['backend.default', '--from', 'pod/shop/peer-a', '--type', 'A', '-conf', plain, '--apps', lab]
  const none = await report(words)
  t.equal(none.egress, undefined)
  const closed = await report([...words, '--apps', policy('closed', '[]')])
  t.match(closed.egress, { udp: 'closed', tcp: 'closed', policies: ['shop/closed'] })
  t.match(
    text(closed),
    /\negress: UDP 53 and TCP 53 to the DNS Pods are closed: NetworkPolicy shop\/closed does not allow it\n/
  )
  const open = await report([
    ...words,
    '--manifests',
    policy('open', '[{ ports: [{ port: 53 }, { port: 53, protocol: UDP }] }]')
  ])
  t.match(open.egress, { udp: 'open', tcp: 'open', policies: ['shop/open'] })
})

t.test('mistakes', async t => {
  const cases: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [
      ['x', '--resolver', 'glibk', '-conf', plain, '--apps', lab],
      /^--resolver glibk: expected one of glibc-2\.36, /
    ],
    [['x', '--type', 'AA', '-conf', plain, '--apps', lab], /^--type AA: expected record types/],
    [['x', '--from', 'pod/shop/peer', '-conf', plain, '--apps', lab], /did you mean pod\/shop\/peer-a\?/],
    [['x', '--server', 'localhost'], /^--server localhost: expected an IP address/],
    [['x', '--server', '127.0.0.1:99999'], /expected an IP address/],
    [
      ['x', '--resolv-conf', join(folder, 'none'), '-conf', plain, '--apps', lab],
      /^--resolv-conf .*: cannot be read/
    ]
  ]
  for (const [words, message] of cases) await t.rejects(report(words), { message }, words.join(' '))
})

t.test('as a program: the exit status says whether the name was found', t => {
  const run = (words: readonly string[]) =>
    spawnSync(process.execPath, [program, 'explain', ...words], { cwd: root, encoding: 'utf8' })
  const found = run(['web.shop.svc.cluster.local.', '--type', 'A', '-conf', plain, '--apps', 'config/apps'])
  t.equal(found.status, 0, found.stderr)
  const missing = run(['nothing.shop.svc.cluster.local.', '-conf', plain, '--apps', 'config/apps'])
  t.equal(missing.status, 1)
  t.match(missing.stdout, /^state: --apps config\/apps, [^]*there is no Service shop\/nothing/)
  const without = run([])
  t.equal(without.status, 2)
  t.end()
})

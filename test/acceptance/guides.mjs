// Serves the manifests of the networking guides as people paste them (../shared/guides), prose and missing `---` included:
// what becomes of each file, and that every name of the guides has the address that they state once the Services that they
// name are there. Usage: guides.mjs [FOLDER]. Its last line is "N passed, N failed".
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { ask, start } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const guides = path.resolve(process.argv[2] ?? path.join(root, '../shared/guides'))

/** What a person who reads the file expects: the objects that count, or the line and reason why it can't be read. */
const FILES = {
  // Two objects without `---` between: the second one takes over every key of the first.
  'introduction-01-fragment.yaml': { loaded: 'NetworkPolicy', warned: [16, 'stands twice', '---'] },
  'networking-day-6-01-service.yaml': { error: [1, 'Virtual IP accessible only inside cluster', 'prose'] },
  'networking-day-6-02-networkpolicy.yaml': { error: [24, 'Backend pods can reach Database', 'prose'] },
  'networking-reference-01-pod.yaml': { loaded: 'Pod' },
  'networking-reference-02-pod.yaml': { loaded: 'Pod' },
  'networking-reference-03-configmap.yaml': { passedOver: 'ConfigMap' },
  'networking-reference-04-pod.yaml': { loaded: 'Pod' },
  'networking-reference-05-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'networking-reference-06-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'networking-reference-07-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'networking-reference-08-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'networking-reference-09-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'networking-reference-10-configmap.yaml': { passedOver: 'ConfigMap' },
  'pod-networking-01-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'pod-networking-02-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'pod-networking-03-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'pod-networking-04-networkpolicy.yaml': { loaded: 'NetworkPolicy' },
  'pod-networking-05-namespace-deployment-networkpolicy.yaml': {
    loaded: 'Deployment 3, NetworkPolicy 2, Namespace 1'
  },
  'pod-networking-06-networkpolicy.yaml': { loaded: 'NetworkPolicy' }
}

const SEARCH = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local']

/** Name, what the guides say of it: an address, `some` (a cluster IP), `pod`, or `none` (name error). */
const NAMES = [
  ['kubernetes', '10.96.0.1'],
  ['backend', '10.96.0.100'],
  ['backend.default', '10.96.0.100'],
  ['backend.default.svc', '10.96.0.100'],
  ['backend.default.svc.cluster.local', '10.96.0.100'],
  ['database.production', '10.96.0.200'],
  ['database.production.svc.cluster.local', '10.96.0.200'],
  ['database', 'none'],
  ['cart-service', '10.96.0.101'],
  ['product-service', '10.96.0.102'],
  ['payment-service', '10.96.0.103'],
  ['nginx-service.default.svc.cluster.local', 'some'],
  ['web-service.default.svc.cluster.local', 'some'],
  ['api-service.default.svc.cluster.local', 'some'],
  ['db.production.svc.cluster.local', 'some'],
  ['mysql-0.mysql-headless.default.svc.cluster.local', 'pod'],
  ['mysql-1.mysql-headless.default.svc.cluster.local', 'pod'],
  ['mysql-2.mysql-headless.default.svc.cluster.local', 'pod'],
  ['my-pod.default.pod.cluster.local', 'none'],
  ['10-244-1-5.default.pod.cluster.local', '10.244.1.5'],
  ['kube-dns.kube-system.svc.cluster.local', '10.96.0.10']
]

let passed = 0
const failures = []
const check = (what, isRight, seen) => {
  if (isRight) passed++
  else failures.push(`${what}: ${seen}`)
}

const serve = async (...apps) => {
  const words = apps.flatMap(each => ['--apps', each])
  return start(process.execPath, [
    path.join(root, 'build/src/cli/labdns.js'),
    ...['serve', ...words, '--listen', '127.0.0.1:0']
  ])
}

// Each file alone, so that one says nothing of another; then all of them.
const there = readdirSync(guides).filter(name => name.endsWith('.yaml'))
check(
  'every file is in the table',
  there.every(name => name in FILES),
  there.filter(name => !(name in FILES))
)
for (const [name, expected] of Object.entries(FILES)) {
  const server = await serve(path.join(guides, name))
  await server.stop()
  const lines = server.output().split('\n')
  const counted = lines.find(line => line.includes('labdns: apps: 1 file: ')) ?? ''
  const [kept = '', passedOver = ''] = counted
    .replace(/^.*apps: 1 file: /, '')
    .split('; passed over, since no answer needs them: ')
  const troubles = lines.filter(line => /^\[(?:ERROR|WARNING)\] labdns: \S+\.yaml:\d+/.test(line))
  const tells = ([line, ...words], level) =>
    troubles.length === 1 &&
    troubles[0].startsWith(`[${level}] `) &&
    troubles[0].includes(`${name}:${line}:`) &&
    words.every(word => troubles[0].includes(word))
  const objects = kept.replace(/;.*/, '')
  if (expected.error !== undefined) {
    check(
      name,
      objects === 'no objects' && tells(expected.error, 'ERROR'),
      [counted, ...troubles].join('\n  ')
    )
    continue
  }
  const wanted = expected.loaded ?? 'no objects'
  const isKept = objects === wanted || objects === `${wanted} 1`
  const isPassedOver = passedOver === (expected.passedOver === undefined ? '' : `${expected.passedOver} 1`)
  const isQuiet = expected.warned === undefined ? troubles.length === 0 : tells(expected.warned, 'WARNING')
  check(name, isKept && isPassedOver && isQuiet, [counted, ...troubles].join('\n  '))
}

const server = await serve(guides, path.join(root, 'test/fixtures/apps/guide-services.yaml'))
for (const [name, expected] of NAMES) {
  // As a stub resolver with ndots:5 and a Pod's search list in namespace default walks.
  const dots = name.split('.').length - 1
  const searched = SEARCH.map(zone => `${name}.${zone}`)
  const walk = dots >= 5 ? [name, ...searched] : [...searched, name]
  const seen = []
  let address
  for (const question of walk) {
    if (!question.endsWith('.cluster.local')) continue
    const reply = await ask(server.port, question, 'A')
    const found = reply?.answers.filter(answer => answer.type === 'A').map(answer => answer.data) ?? []
    seen.push(`${question} ${reply === undefined ? 'no reply' : `${reply.rcode} ${found}`}`)
    if (reply?.rcode === 'NOERROR' && found.length === 1) {
      address = found[0]
      break
    }
  }
  const isRight =
    expected === 'none'
      ? address === undefined && seen.every(line => line.includes('NXDOMAIN'))
      : expected === 'some'
        ? /^10\.(?:9[6-9]|10\d|11[01])\./.test(address ?? '')
        : expected === 'pod'
          ? /^10\.244\./.test(address ?? '')
          : address === expected
  check(name, isRight, `expected ${expected}; ${seen.join('; ')}`)
}
const status = await server.stop()
check('it ends cleanly', status === 0, status)
for (const failure of failures) console.log(failure)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length > 0 ? 1 : 0)

// Runs the real programs of this machine with `experiment --real` and holds what they sent against their models: for each
// name and ndots the queries in order, as the README of the recorded lookups says how to compare, and what was found. Where
// no namespaces are allowed, one line says why. Usage: experiment-real.mjs [PROGRAMS]. Last line: N passed, N failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const [, , programs = 'glibc,node,node-resolve,python,dig,host,nslookup'] = process.argv
const root = path.resolve(import.meta.dirname, '../..')
const labdns = path.join(root, 'build/src/cli/labdns.js')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-acceptance-'))
const SERVICES = [
  ['default', 'web', '10.96.0.100'],
  ['shop', 'db', '10.96.0.101']
]
/** Headless Services by their endpoints: glibc does a lookup again for more addresses than it first has room for. */
const HEADLESS = { few: 24, some: 27, many: 120 }
const namespaces = [...new Set(SERVICES.map(([namespace]) => namespace))]
const manifest = [
  ...namespaces.map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  ...SERVICES.map(([namespace, name, clusterIP]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'http', port: 80 }] }
  })),
  ...Object.entries(HEADLESS).flatMap(([name, count], at) => [
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'default', name } },
      spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'http', port: 80 }] }
    },
    {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: {
        ...{ namespace: 'default', name: `${name}-1` },
        labels: { 'kubernetes.io/service-name': name }
      },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      endpoints: Array.from({ length: count }, (_, index) => ({ addresses: [`10.244.${at}.${index + 1}`] }))
    }
  ])
]
const PLAIN = ['web', 'web.default', 'db.shop', 'web.default.svc.cluster.local.', 'www.example.com', 'nosuch']
const NAMES = [...PLAIN, ...Object.keys(HEADLESS), 'some.default']
const state = path.join(folder, 'state.json')
const report = path.join(folder, 'report.json')
/** getent gives an exit code in place of the code that it got. */
const WORDS = { 'exit 2': 'EAI_NONAME' }

let passed = 0
let failed = 0
const check = (what, differences) => {
  if (differences.length === 0) passed++
  else {
    failed++
    console.log(`FAIL ${what}: ${differences.join('; ')}`)
  }
}
/** What must not be there afterwards, or must not have changed. */
const traces = () => ({
  resolvConf: readFileSync('/etc/resolv.conf', 'utf8'),
  hosts: readFileSync('/etc/hosts', 'utf8'),
  folders: readdirSync(os.tmpdir()).filter(name => name.startsWith('labdns-real-')),
  mounts: readFileSync('/proc/self/mountinfo', 'utf8')
})

try {
  writeFileSync(state, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest }))
  const before = traces()
  const { status, stderr } = run('1,2,5', 'on,off', programs)
  const said = stderr.split('\n').filter(line => line.startsWith('--real'))
  if (said.some(line => line.startsWith('--real:'))) {
    console.log(`left out: ${said.join('; ')}`)
  } else {
    for (const line of said) console.log(line)
    check('exit code', status === 0 ? [] : [`${status}: ${stderr}`])
    const result = JSON.parse(readFileSync(report, 'utf8'))
    compareAll(result)
    runManual()
    const after = traces()
    for (const key of Object.keys(before)) {
      const same = JSON.stringify(before[key]) === JSON.stringify(after[key])
      check(`${key} of the machine, untouched`, same ? [] : ['changed'])
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function run(ndots, autopath, real) {
  const words = [
    'experiment',
    '--manifests',
    state,
    '--ndots',
    ndots,
    '--autopath',
    autopath,
    '--json',
    report
  ]
  const names = NAMES.flatMap(name => ['--name', name])
  return spawnSync(process.execPath, [labdns, ...words, ...names, '--real', real], {
    encoding: 'utf8',
    timeout: 300_000
  })
}

/** The commands that the manual shows. */
function runManual() {
  const manual = readFileSync(path.join(root, 'docs/experiment-real.md'), 'utf8')
  const commands = [...manual.matchAll(/^\$ labdns (.+)$/gm)].map(([, words]) => words)
  check('commands of the manual', commands.length > 0 ? [] : ['there are none'])
  for (const words of commands) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [labdns, ...words.split(' ')], {
      ...{ cwd: root, encoding: 'utf8', timeout: 60_000 }
    })
    const rows = stdout.split('\n').filter(line => line.endsWith(' measured'))
    check(
      words,
      status === 0 && rows.length > 0 ? [] : [`exit code ${status}, ${rows.length} rows: ${stderr}`]
    )
  }
}

function compareAll({ settings, walks }) {
  const walkOf = (name, at) =>
    walks.find(each => each.name === name).walks.find(each => each.settings.includes(at))
  let model
  const modelled = new Map()
  for (const [at, { origin, setting }] of settings.entries()) {
    const key = `ndots ${setting.ndots}, autopath ${setting.autopath}`
    if (origin === 'modelled') {
      if (setting.resolver !== model) modelled.clear()
      model = setting.resolver
      modelled.set(key, at)
      continue
    }
    for (const name of NAMES) {
      const what = `${setting.resolver} beside ${model}, ${key}, ${name}`
      check(what, differences(walkOf(name, at), walkOf(name, modelled.get(key)), model))
    }
  }
}

function differences(measured, expected, model) {
  const found = []
  const [own, its] = [measured, expected].map(({ queries }) => sequence(queries, model))
  if (JSON.stringify(own) !== JSON.stringify(its)) found.push(`sent ${own.join(', ')}, not ${its.join(', ')}`)
  const error = WORDS[measured.error] ?? measured.error
  if (error !== expected.error) found.push(`said ${measured.error}, not ${expected.error}`)
  return found
}

/** In order; A and AAAA of one name in either order where the program sends them independently. */
function sequence(queries, model) {
  const texts = queries.map(({ name, type, reply, upstream }) => [
    name,
    `${type} ${reply}${upstream ? ' beyond' : ''}`
  ])
  if (!/^(go|cares|systemd-resolved)/.test(model)) return texts.map(words => words.join(' '))
  const rounds = []
  for (const [name, text] of texts) {
    if (rounds.at(-1)?.name === name) rounds.at(-1).texts.push(text)
    else rounds.push({ name, texts: [text] })
  }
  return rounds.map(round => `${round.name} ${round.texts.sort().join(' ')}`)
}

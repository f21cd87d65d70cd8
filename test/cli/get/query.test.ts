// What `get` is asked for, in kubectl's words.
import t from 'tap'
import { readArguments } from '../../../src/cli/arguments.ts'
import { readQuery } from '../../../src/cli/get/query.ts'

function query(line: string) {
  const read = readArguments(['get', ...line.split(' ').filter(word => word !== '')])
  if (read.command !== 'get') throw new Error(JSON.stringify(read))
  const { kinds, names, namespace, format, namesKinds, isEverything, selector } = readQuery(read.get)
  return {
    kinds: kinds.map(({ kind }) => kind),
    names: names.map(({ kind, name }) => `${kind.kind} ${name}`),
    ...{ namespace, format, namesKinds, isEverything, selector: selector?.text }
  }
}

const cases: readonly (readonly [line: string, expected: Partial<ReturnType<typeof query>>])[] = [
  ['svc', { kinds: ['Service'], names: [], namespace: 'default', format: 'table', namesKinds: false }],
  ['services -n shop', { kinds: ['Service'], namespace: 'shop' }],
  ['service -nshop -owide', { kinds: ['Service'], namespace: 'shop', format: 'wide' }],
  ['Service --namespace=shop --output=yaml', { namespace: 'shop', format: 'yaml' }],
  ['svc web api', { kinds: ['Service'], names: ['Service web', 'Service api'] }],
  [
    'svc,ep web',
    { kinds: ['Service', 'Endpoints'], names: ['Service web', 'Endpoints web'], namesKinds: true }
  ],
  ['svc/web po/web-0', { kinds: ['Service', 'Pod'], names: ['Service web', 'Pod web-0'], namesKinds: true }],
  ['svc/web svc/api', { kinds: ['Service'], names: ['Service web', 'Service api'], namesKinds: false }],
  ['ns', { kinds: ['Namespace'] }],
  ['po,po,pods', { kinds: ['Pod'], namesKinds: false }],
  ['all', { kinds: ['Pod', 'Service'], namesKinds: true }],
  ['endpointslices.discovery.k8s.io', { kinds: ['EndpointSlice'] }],
  ['endpoints -A -ojson', { kinds: ['Endpoints'], namespace: undefined, format: 'json' }],
  ['po -l app=web,tier!=db', { selector: 'app=web,tier!=db' }],
  ['po -lapp=web -oname', { selector: 'app=web', format: 'name' }],
  [
    '-A -o yaml',
    {
      kinds: ['Namespace', 'Service', 'EndpointSlice', 'Pod', 'ServiceImport'],
      isEverything: true,
      namespace: undefined
    }
  ]
]

t.test('words are read as kubectl reads them', t => {
  for (const [line, expected] of cases) t.match(query(line), expected, line)
  t.end()
})

const mistakes: readonly (readonly [line: string, message: RegExp])[] = [
  ['deployments', /^the server doesn't have a resource type "deployments": labdns has services/],
  ['svc web -A', /^a resource cannot be retrieved by name across all namespaces$/],
  ['svc web -l a=b', /^name cannot be provided when a selector is specified$/],
  ['svc/web/x', /^arguments in resource\/name form must have a single resource and name/],
  ['svc/web api', /^arguments in resource\/name form/],
  [
    'svc -o table',
    /^unable to match a printer suitable for the output format "table", allowed formats are: json,name,wide,yaml$/
  ],
  ['svc -l a=b=c', /^-l a=b=c: found '=', expected: ',' or 'end of string'$/]
]

t.test('mistakes are said as kubectl says them', t => {
  for (const [line, message] of mistakes) t.throws(() => query(line), { message }, line)
  t.end()
})

t.test('the options of serve are taken too', t => {
  const read = readArguments([
    'get',
    'svc',
    '-conf',
    'Corefile',
    '--manifests',
    'a',
    '-p',
    '1053',
    '--manifests',
    'b'
  ])
  t.match(read, { command: 'get', arguments: { conf: 'Corefile', manifests: ['a', 'b'], port: '1053' } })
  t.match(readArguments(['get', 'svc', '-foo']), { command: 'exit', code: 2 })
  t.match(readArguments(['names', '--zone', 'cluster.local', '-nshop', '-ojson']), {
    command: 'names',
    names: { zone: 'cluster.local', namespace: 'shop', output: 'json', headers: true }
  })
  t.match(readArguments(['names', 'x']), { command: 'exit', code: 1 })
  t.end()
})

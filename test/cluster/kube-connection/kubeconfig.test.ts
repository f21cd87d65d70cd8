// What a kubeconfig says, and what is wrong with one, with the place.
import path from 'node:path'
import t from 'tap'
import { readKubeconfig } from '../../../src/cluster/kube-connection/kubeconfig.ts'
import { systemFiles } from '../../../src/runtime/files.ts'
import { folderWith } from './support.ts'

const GOOD = `apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster:
    server: https://api.example.org:6443
    certificate-authority: pki/ca.crt
- name: broken
  cluster: {}
- name: proxied
  cluster: {server: "https://x", proxy-url: "http://proxy:3128"}
- name: odd
  cluster: {server: "gopher://x"}
users:
- name: u
  user:
    token: abc
    client-certificate: /abs/tls.crt
    client-key-data: S0VZ
- name: plugin
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/login, args: [-x], env: [{name: A, value: b}]}
- name: commandless
  user: {exec: {args: []}}
- name: grouped
  user: {as: jane, as-groups: [admins]}
- name: numeric
  user: {token: 12345}
- name: unreadable
  user: {client-certificate-data: "***"}
contexts:
- {name: dev, context: {cluster: c, user: u, namespace: shop}}
- {name: plugin, context: {cluster: c, user: plugin}}
- {name: nobody, context: {cluster: c}}
- {name: lost-user, context: {cluster: c, user: gone}}
- {name: lost-cluster, context: {cluster: gone, user: u}}
- {name: broken, context: {cluster: broken, user: u}}
- {name: proxied, context: {cluster: proxied, user: u}}
- {name: odd, context: {cluster: odd, user: u}}
- {name: commandless, context: {cluster: c, user: commandless}}
- {name: grouped, context: {cluster: c, user: grouped}}
- {name: numeric, context: {cluster: c, user: numeric}}
- {name: unreadable, context: {cluster: c, user: unreadable}}
`

const read = (file: string, context?: string) => readKubeconfig([file], context, systemFiles)

t.test('the current context, its cluster and user; paths are relative to the file', t => {
  const folder = folderWith(t, { config: GOOD })
  const { name, namespace, cluster, user } = read(`${folder}/config`)
  t.equal(name, 'dev')
  t.equal(namespace, 'shop')
  t.equal(cluster.server.href, 'https://api.example.org:6443/')
  t.equal(cluster.caFile, `${folder}/pki/ca.crt`)
  t.match(user, { token: 'abc', certFile: '/abs/tls.crt', keyData: 'S0VZ', exec: undefined })
  t.end()
})

t.test('another context, an exec plugin, and nobody', t => {
  const folder = folderWith(t, { config: GOOD })
  t.same(read(`${folder}/config`, 'plugin').user.exec, {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: `${folder}/bin/login`,
    args: ['-x'],
    env: [{ name: 'A', value: 'b' }],
    installHint: '',
    providesClusterInfo: false
  })
  t.match(read(`${folder}/config`, 'nobody').user, { name: '', token: '' })
  t.end()
})

t.test('several files: the first that has a thing counts, those that are not there are passed over', t => {
  const other = `current-context: two
clusters: [{name: c, cluster: {server: "https://other"}}, {name: d, cluster: {server: "https://d"}}]
users: [{name: u, user: {token: other}}]
contexts: [{name: two, context: {cluster: d, user: u}}]
`
  const folder = folderWith(t, { one: GOOD, two: other, 'no-current': 'users: []\n' })
  const at = (...names: string[]) => names.map(name => path.join(folder, name))
  t.equal(readKubeconfig(at('missing', 'no-current', 'two', 'one'), undefined, systemFiles).name, 'two')
  const { cluster, user, file } = readKubeconfig(at('one', 'two'), 'two', systemFiles)
  t.equal(cluster.server.host, 'd')
  t.equal(user.token, 'abc', "the first file's user of that name")
  t.equal(file, path.join(folder, 'two'))
  t.end()
})

/** Where a text stands in GOOD: `:12:45`. */
function place(text: string): string {
  const before = GOOD.slice(0, GOOD.indexOf(text)).split('\n')
  return `config:${before.length}:${before.at(-1)!.length + 1}`
}

const mistakes = [
  {
    context: 'zzz',
    message: 'context "zzz" does not exist',
    hint: /has these contexts: dev, plugin, nobody/
  },
  {
    context: 'lost-user',
    message: 'context "lost-user": there is no user "gone"',
    hint: new RegExp(`${place('{name: lost-user')}: .* has these users: u, plugin`)
  },
  {
    context: 'lost-cluster',
    message:
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    hint: new RegExp(
      `${place('{name: lost-cluster')}: the context names a cluster "gone"; .* these: c, broken`
    )
  },
  {
    context: 'broken',
    message: 'invalid configuration: no server found for cluster "broken"',
    hint: new RegExp(`${place('{}')}$`)
  },
  {
    context: 'proxied',
    message: /cluster "proxied" is behind a proxy/,
    hint: new RegExp(`${place('"http://proxy')}$`)
  },
  {
    context: 'odd',
    message: 'host must be a URL or a host:port pair: "gopher://x"',
    hint: /https:\/\/HOST:PORT/
  },
  {
    context: 'commandless',
    message: 'user "commandless": exec names no command',
    hint: new RegExp(`${place('{args: []}')}$`)
  },
  {
    context: 'grouped',
    message: /by name alone \(as\), not with as-groups/,
    hint: new RegExp(`${place('[admins]')}$`)
  },
  {
    context: 'numeric',
    message: 'users[4].user.token is no text: write it in quotes',
    hint: new RegExp(`${place('12345')}$`)
  },
  {
    context: 'unreadable',
    message: 'client-certificate-data is not base64',
    hint: new RegExp(`${place('"***"')}$`)
  }
]
for (const { context, message, hint } of mistakes) {
  t.test(`context ${context} is refused`, t => {
    const folder = folderWith(t, { config: GOOD })
    t.throws(() => read(`${folder}/config`, context), { message, hint })
    t.end()
  })
}

const files = [
  { text: undefined, message: /^stat .*config: no such file or directory$/, hint: /no kubeconfig/ },
  { text: '', message: /no configuration has been provided/, hint: /has no current-context.*contexts: none/ },
  { text: 'a: [b\n', message: /^error loading config file ".*config": /, hint: /config:\d+:\d+: / },
  { text: '- a\n', message: /is a list; expected a map/, hint: /config:1:1$/ },
  { text: 'contexts: 3\n', message: /contexts 3 is a number; expected a list/, hint: /config:1:11$/ },
  { text: '\0\x01\x02', message: /./, hint: /./ }
]
for (const { text, message, hint } of files) {
  t.test(`a file with ${JSON.stringify(text)} is refused`, t => {
    const folder = folderWith(t, text === undefined ? {} : { config: text })
    t.throws(() => read(`${folder}/config`), { message, hint })
    t.end()
  })
}

t.test('no message shows a secret', t => {
  const secret =
    'current-context: a\nusers: [{name: u, user: {password: 424242}}]\nclusters: [{name: c, cluster: {server: "https://x"}}]\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n'
  const folder = folderWith(t, { config: secret })
  t.throws(() => read(`${folder}/config`), {
    message: 'users[0].user.password is no text: write it in quotes',
    hint: /config:2:36$/
  })
  t.end()
})

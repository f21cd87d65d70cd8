// Credentials through client-node: tokens, files, passwords, plugins.
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { connectionOf } from '../../../src/cluster/kube-connection/connections.ts'
import { folderWith, realFiles } from './support.ts'

const config = (user: string, cluster = 'server: "https://127.0.0.1:6443"') =>
  `current-context: dev
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: dev, context: {cluster: c, user: u}}]
`

function connect(folder: string, runtime = realFiles()) {
  return connectionOf({ endpoint: '', tls: [], kubeconfig: [`${folder}/config`] }, runtime)
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

t.test('a token and a CA as they are written', async t => {
  const cluster = `server: "https://api:6443/", certificate-authority-data: ${base64('CA')}, tls-server-name: kube`
  const connection = connect(folderWith(t, { config: config('token: abc', cluster) }))
  t.equal(connection.base.href, 'https://api:6443/')
  t.match(connection.name, /^https:\/\/api:6443\/ \(context dev of .*config\)$/)
  t.same(await connection.credentials(false), {
    headers: { authorization: 'Bearer abc' },
    tls: { ca: Buffer.from('CA'), servername: 'kube' }
  })
})

t.test('a server that speaks HTTP, a password, an impersonated user, no verification', async t => {
  const cluster = 'server: "http://api:8001", insecure-skip-tls-verify: true'
  const user = 'username: me, password: "pa:ss", as: jane'
  const connection = connect(folderWith(t, { config: config(user, cluster) }))
  t.equal(connection.base.href, 'http://api:8001/')
  t.same(await connection.credentials(false), {
    headers: { authorization: `Basic ${base64('me:pa:ss')}`, 'impersonate-user': 'jane' },
    tls: { rejectUnauthorized: false }
  })
})

t.test('files are read for each request, and material that stays the same is the same object', async t => {
  const folder = folderWith(t, {
    token: 'one\n',
    crt: 'C1',
    key: 'K1',
    config: config('tokenFile: token, client-certificate: crt, client-key: key')
  })
  const connection = connect(folder)
  const first = await connection.credentials(false)
  t.same(first, {
    headers: { authorization: 'Bearer one' },
    tls: { cert: Buffer.from('C1'), key: Buffer.from('K1') }
  })
  writeFileSync(`${folder}/token`, 'two')
  const second = await connection.credentials(false)
  t.equal(second.headers['authorization'], 'Bearer two', 'without waiting a minute')
  t.equal(second.tls, first.tls)
  writeFileSync(`${folder}/crt`, 'C2')
  t.same((await connection.credentials(false)).tls.cert, Buffer.from('C2'))
})

t.test('after a 401 the kubeconfig is read again', async t => {
  const folder = folderWith(t, { config: config('token: old') })
  const connection = connect(folder)
  writeFileSync(`${folder}/config`, config('token: new'))
  t.equal((await connection.credentials(false)).headers['authorization'], 'Bearer old')
  t.equal((await connection.credentials(true)).headers['authorization'], 'Bearer new')
  writeFileSync(`${folder}/config`, config('token: new', 'server: "https://elsewhere"'))
  await t.rejects(connection.credentials(true), { message: /names another server now: https:\/\/elsewhere/ })
})

const plugin = (script: string) => `#!/bin/sh\n${script}\n`
const withPlugin = (more = '') =>
  config(
    `exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login.sh, args: [a b], env: [{name: WHO, value: me}]${more}}`
  )

t.test(
  'an exec plugin is told what to print, asked once for requests that come together, and again later',
  async t => {
    const folder = folderWith(t, {
      config: withPlugin(),
      'login.sh': plugin(
        `echo "$1 $WHO $KUBERNETES_EXEC_INFO" >> "$(dirname "$0")/calls"\necho '{"kind":"ExecCredential","status":{"token":"t"}}'`
      )
    })
    const runtime = realFiles()
    const connection = connect(folder, runtime)
    const both = await Promise.all([connection.credentials(false), connection.credentials(false)])
    t.same(both[0], { headers: { authorization: 'Bearer t' }, tls: {} })
    await connection.credentials(false)
    const calls = () => runtime.files.read(`${folder}/calls`).toString().trim().split('\n')
    t.same(calls(), [
      'a b me {"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}'
    ])
    await connection.credentials(true)
    t.equal(calls().length, 2, 'a 401 asks again')
    runtime.clock.advance(61_000)
    await connection.credentials(false)
    t.equal(calls().length, 3)
    await Promise.all([
      connection.credentials(true),
      connection.credentials(true),
      connection.credentials(true)
    ])
    t.equal(calls().length, 4, 'once for all requests that were refused at the same time')
  }
)

const failures = [
  { name: 'is missing', script: undefined, message: /login\.sh is not there or not in PATH$/ },
  { name: 'fails', script: 'echo "please log in" >&2; exit 3', message: /login\.sh failed: please log in$/ },
  { name: 'says nothing', script: 'exit 1', message: /failed: it said nothing on its standard error$/ },
  { name: 'prints no JSON', script: 'echo hello', message: /printed no ExecCredential with a status$/ },
  { name: 'prints no status', script: 'echo {}', message: /printed no ExecCredential with a status$/ }
]
for (const { name, script, message } of failures) {
  t.test(`an exec plugin that ${name} is named`, async t => {
    const folder = folderWith(t, {
      config: withPlugin(', installHint: "get it from example.org"'),
      ...(script === undefined ? {} : { 'login.sh': plugin(script) })
    })
    await t.rejects(connect(folder).credentials(false), {
      message,
      hint: new RegExp(`context dev of ${folder}/config, user u; get it from example.org`)
    })
  })
}

t.test('files that are not there are told at the start', t => {
  for (const [key, what] of [
    ['tokenFile', 'token file'],
    ['client-certificate', 'client-cert'],
    ['client-key', 'client-key']
  ] as const) {
    const folder = folderWith(t, { config: config(`${key}: nowhere`) })
    t.throws(() => connect(folder), {
      message: `invalid configuration: unable to read ${what} ${folder}/nowhere for u due to open ${folder}/nowhere: no such file or directory`
    })
  }
  t.end()
})

t.test('KUBECONFIG counts where the block names nothing, also in a Pod', t => {
  const folder = folderWith(t, { config: config('token: abc') })
  const environment = {
    KUBECONFIG: `/nowhere:${folder}/config`,
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    KUBERNETES_SERVICE_PORT: '443'
  }
  const nothing = { endpoint: '', tls: [], kubeconfig: [] }
  t.equal(connectionOf(nothing, realFiles(environment)).base.host, '127.0.0.1:6443')
  t.end()
})

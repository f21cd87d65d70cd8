import t from 'tap'
import { connectionOf } from '../../../src/cluster/kube-connection/connections.ts'
import { folderWith, realFiles } from './support.ts'

const choice = (endpoint: string, tls: readonly string[] = []) => ({ endpoint, tls, kubeconfig: [] })

const urls = [
  { endpoint: 'http://127.0.0.1:8001', base: 'http://127.0.0.1:8001/' },
  { endpoint: '127.0.0.1:8001', base: 'http://127.0.0.1:8001/' },
  { endpoint: 'https://api.example.org:6443/k8s/c-1', base: 'https://api.example.org:6443/k8s/c-1' },
  { endpoint: 'localhost:8080', base: 'http://localhost:8080/' }
]
for (const { endpoint, base } of urls) {
  t.test(`endpoint ${endpoint}`, async t => {
    const connection = connectionOf(choice(endpoint), realFiles({ KUBECONFIG: '/nowhere' }))
    t.equal(connection.base.href, base)
    t.same(await connection.credentials(false), { headers: {}, tls: {} })
  })
}

const refused = [
  { endpoint: 'ht!tp://x', message: 'host must be a URL or a host:port pair: "ht!tp://x"' },
  { endpoint: 'ftp://x', message: 'host must be a URL or a host:port pair: "ftp://x"' },
  { endpoint: 'http://', message: 'host must be a URL or a host:port pair: "http://"' },
  {
    endpoint: 'https://me:secret@api:6443',
    message: 'the URL of the API server holds a user name: https://…@api:6443'
  }
]
for (const { endpoint, message } of refused) {
  t.test(`endpoint ${endpoint} is refused`, t => {
    t.throws(() => connectionOf(choice(endpoint), realFiles()), { message })
    t.end()
  })
}

t.test('tls: three files, read again for each request', async t => {
  const folder = folderWith(t, { cert: 'C', key: 'K', ca: 'A' })
  const tls = ['cert', 'key', 'ca'].map(name => `${folder}/${name}`)
  const connection = connectionOf(choice('10.0.0.1:6443', tls), realFiles())
  t.equal(connection.base.href, 'https://10.0.0.1:6443/', 'no scheme means TLS where there is a certificate')
  t.match(connection.name, tls.join(', '), 'other files, another source')
  t.same((await connection.credentials(false)).tls, {
    cert: Buffer.from('C'),
    key: Buffer.from('K'),
    ca: Buffer.from('A')
  })
})

t.test('tls: files that are not there are all named, as in CoreDNS', t => {
  const folder = folderWith(t, { cert: 'C' })
  t.throws(() => connectionOf(choice('https://x', [`${folder}/cert`, '/no/key', '/no/ca']), realFiles()), {
    message:
      'invalid configuration: [unable to read client-key /no/key for  due to open /no/key: no such file or directory, unable to read certificate-authority /no/ca for  due to open /no/ca: no such file or directory]',
    hint: /in this order/
  })
  t.end()
})

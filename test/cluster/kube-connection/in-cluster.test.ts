import t from 'tap'
import { connectionOf } from '../../../src/cluster/kube-connection/connections.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { fakeFiles } from '../../support/fake-files.ts'

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
const NOTHING = { endpoint: '', tls: [], kubeconfig: [] }

const pod = (texts: Record<string, string>, environment: Record<string, string> = {}) => ({
  files: fakeFiles(texts),
  clock: new FakeClock(),
  environment: { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443', ...environment }
})

t.test('asks as the service account, and reads token and CA for each request', async t => {
  const texts: Record<string, string> = { [`${FOLDER}/token`]: 'one\n', [`${FOLDER}/ca.crt`]: 'CA 1' }
  const connection = connectionOf(NOTHING, pod(texts))
  t.equal(connection.base.href, 'https://10.96.0.1/')
  t.equal(connection.name, 'https://10.96.0.1:443 (service account)')
  const first = await connection.credentials(false)
  t.same(first, { headers: { authorization: 'Bearer one' }, tls: { ca: Buffer.from('CA 1') } })
  texts[`${FOLDER}/token`] = 'two'
  const second = await connection.credentials(false)
  t.equal(second.headers['authorization'], 'Bearer two')
  t.equal(second.tls.ca, first.tls.ca, 'what has not changed is the same object')
  texts[`${FOLDER}/ca.crt`] = 'CA 2'
  t.same((await connection.credentials(false)).tls.ca, Buffer.from('CA 2'))
})

t.test('an IPv6 address stands in brackets', t => {
  const runtime = pod({ [`${FOLDER}/token`]: 'x' }, { KUBERNETES_SERVICE_HOST: 'fd00::1' })
  t.equal(connectionOf(NOTHING, runtime).base.host, '[fd00::1]')
  t.end()
})

const cases = [
  {
    name: 'outside of a Pod',
    environment: { KUBERNETES_SERVICE_HOST: '' },
    message:
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    hint: /--kubeconfig FILE.*--manifests FOLDER/
  },
  {
    name: 'a Pod without a token',
    message: `open ${FOLDER}/token: no such file or directory`,
    hint: /automountServiceAccountToken/
  },
  {
    name: 'a port that is none',
    environment: { KUBERNETES_SERVICE_PORT: 'tcp://1.2.3.4:443' },
    message:
      'KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: https://10.96.0.1:tcp://1.2.3.4:443',
    hint: /default\/kubernetes/
  }
]
for (const { name, environment, message, hint } of cases) {
  t.test(`${name} is told at once`, t => {
    t.throws(() => connectionOf(NOTHING, pod({}, environment)), { message, hint })
    t.end()
  })
}

const later = [
  { name: 'a CA that went', texts: {}, error: `open ${FOLDER}/ca.crt: no such file or directory` },
  {
    name: 'an empty token',
    texts: { [`${FOLDER}/token`]: '\n', [`${FOLDER}/ca.crt`]: 'CA' },
    error: `the token file ${FOLDER}/token is empty`
  },
  {
    name: 'a token that no header can carry',
    texts: { [`${FOLDER}/token`]: 'a\nb', [`${FOLDER}/ca.crt`]: 'CA' },
    error: `the token file ${FOLDER}/token holds something that is no token`
  }
]
for (const { name, texts, error } of later) {
  t.test(`${name} fails the request and not the process`, async t => {
    const connection = connectionOf(NOTHING, pod({ [`${FOLDER}/token`]: 'x', ...texts }))
    await t.rejects(connection.credentials(false), { message: error })
  })
}

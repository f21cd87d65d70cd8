// Each way a request can fail, with the sentence that a person reads. Socket errors are those of Node 20 and 24.
import t from 'tap'
import { errorOfSocket, errorOfStatus, statusOf } from '../../../src/cluster/kube-api/api-error.ts'
import { RESOURCES, pathOf, rbacRule } from '../../../src/cluster/kube-api/resources.ts'

const SERVER = 'the API server https://10.96.0.1'

const sockets: readonly { code: string; message: string; kind: string; says: RegExp }[] = [
  {
    code: 'ECONNREFUSED',
    message: 'connect ECONNREFUSED 10.96.0.1:443',
    kind: 'dial',
    says: /cannot connect to .*: connection refused; check that it runs, and the address and port$/
  },
  { code: 'EHOSTUNREACH', message: 'connect EHOSTUNREACH', kind: 'dial', says: /no route to host/ },
  { code: 'ETIMEDOUT', message: 'no connection within 3000 ms', kind: 'dial', says: /no answer/ },
  {
    code: 'ENOTFOUND',
    message: 'getaddrinfo ENOTFOUND kube',
    kind: 'dial',
    says: /no such host; check the name: it is asked of the system resolver/
  },
  { code: 'ECONNRESET', message: 'socket hang up', kind: 'closed', says: /ended: socket hang up/ },
  { code: 'EPIPE', message: 'write EPIPE', kind: 'closed', says: /ended/ },
  {
    code: 'CERT_HAS_EXPIRED',
    message: 'certificate has expired',
    kind: 'tls',
    says: /cannot trust .*has expired/
  },
  {
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
    message: 'self-signed certificate in certificate chain',
    kind: 'tls',
    says: /not signed by the CA/
  },
  {
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    message: 'unable to verify the first certificate',
    kind: 'tls',
    says: /not signed by the CA/
  },
  {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    message: "Hostname/IP does not match certificate's altnames: IP: 10.0.0.9 is not in the cert's list",
    kind: 'tls',
    says: /for other names .*tls-server-name/
  },
  {
    code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
    message:
      '00A:error:0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1586:SSL alert number 45\n',
    kind: 'tls',
    says: /our client certificate has expired; renew it/
  },
  {
    code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    message:
      '00A:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:x.c:1586:SSL alert number 116\n',
    kind: 'tls',
    says: /does not trust us: it wants a client certificate, and we have none/
  },
  {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    message: '00A:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:x.c:354:\n',
    kind: 'http-where-https',
    says: /does not speak TLS there/
  },
  {
    code: 'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    message: '00A:error:0A0000C6:SSL routines:ssl3_get_record:packet length too long:x.c:354:\n',
    kind: 'http-where-https',
    says: /does not speak TLS/
  },
  {
    code: 'HPE_INVALID_CONSTANT',
    message: 'Parse Error: Expected HTTP/',
    kind: 'not-json',
    says: /does not speak HTTP/
  }
]

for (const { code, message, kind, says } of sockets) {
  t.test(`${code}: ${kind}`, async t => {
    const error = errorOfSocket(Object.assign(new Error(message), { code }), SERVER)
    t.equal(error.kind, kind)
    t.match(error.message, says)
    t.ok(error.message.includes(SERVER))
  })
}

t.test('an alert of TLS where HTTP was expected', async t => {
  const rawPacket = Buffer.from([21, 3, 1, 0, 2, 2, 22])
  const parse = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_CONSTANT', rawPacket })
  const error = errorOfSocket(parse, 'the API server http://10.96.0.1')
  t.equal(error.kind, 'http-where-https')
  t.equal(error.message, 'the API server http://10.96.0.1 speaks HTTPS; write https:// in its address')
})

t.test('of several addresses that were tried, the first one says why', async t => {
  const first = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })
  const all = Object.assign(new AggregateError([first, first], ''), {})
  t.equal(errorOfSocket(all, SERVER).kind, 'dial')
})

const answers: readonly {
  status: number
  body: unknown
  text?: string
  type?: string
  kind: string
  says: RegExp
}[] = [
  {
    status: 400,
    body: undefined,
    text: 'Client sent an HTTP request to an HTTPS server.\n',
    type: 'text/plain',
    kind: 'http-where-https',
    says: /speaks HTTPS; write https:\/\//
  },
  {
    status: 400,
    body: undefined,
    text: '<html><center>The plain HTTP request was sent to HTTPS port</center></html>',
    type: 'text/html',
    kind: 'http-where-https',
    says: /speaks HTTPS; write https:\/\//
  },
  {
    status: 307,
    body: undefined,
    text: '',
    type: '',
    kind: 'html',
    says: /sends us elsewhere \(307\), so it is no API server/
  },
  {
    status: 401,
    body: { kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' },
    kind: 'unauthorized',
    says: /check the token or client certificate/
  },
  {
    status: 403,
    body: {
      kind: 'Status',
      code: 403,
      reason: 'Forbidden',
      message: 'endpointslices is forbidden: User "u"'
    },
    kind: 'forbidden',
    says: /apiGroups \[discovery\.k8s\.io\], resources \[endpointslices\], verbs \[list, watch\]: endpointslices is forbidden/
  },
  {
    status: 404,
    body: { paths: ['/api'] },
    kind: 'http',
    says: /no endpointslices of discovery\.k8s\.io\/v1 \(404\)/
  },
  {
    status: 410,
    body: { kind: 'Status', code: 410, reason: 'Expired', message: 'x' },
    kind: 'gone',
    says: /no longer has/
  },
  {
    status: 422,
    body: { kind: 'Status', code: 422, reason: 'Invalid', message: 'sendInitialEvents: Forbidden' },
    kind: 'invalid',
    says: /422\): sendInitialEvents/
  },
  {
    status: 429,
    body: undefined,
    text: 'Too many requests, please try again later.\n',
    type: 'text/plain',
    kind: 'too-many',
    says: /please try again later/
  },
  {
    status: 500,
    body: { kind: 'Status', code: 500, message: 'etcd is away' },
    kind: 'http',
    says: /answered 500 .*etcd is away/
  },
  {
    status: 504,
    body: {
      kind: 'Status',
      code: 504,
      reason: 'Timeout',
      message: 'Timeout: Too large resource version: 9, current: 5',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 }
    },
    kind: 'too-large-version',
    says: /not reached/
  },
  {
    status: 502,
    body: undefined,
    text: '<html><body>Bad gateway</body></html>',
    type: 'text/html',
    kind: 'html',
    says: /web page, so it is no API server/
  },
  { status: 503, body: undefined, text: '  <!DOCTYPE html>', type: '', kind: 'html', says: /web page/ }
]

for (const { status, body, text = '', type = 'application/json', kind, says } of answers) {
  t.test(`${status} ${text.slice(0, 20).trim()}: ${kind}`, async t => {
    const error = errorOfStatus(status, {
      resource: RESOURCES.endpointslices,
      server: SERVER,
      said: statusOf(body),
      text,
      contentType: type,
      retryAfterMs: undefined
    })
    t.equal(error.kind, kind)
    t.equal(error.status, status)
    t.match(error.message, says)
  })
}

t.test('paths and rules', async t => {
  t.equal(pathOf(RESOURCES.services), '/api/v1/services')
  t.equal(pathOf(RESOURCES.serviceimports), '/apis/multicluster.x-k8s.io/v1alpha1/serviceimports')
  t.equal(rbacRule(RESOURCES.pods), 'apiGroups [""], resources [pods], verbs [list, watch]')
})

t.test('a Status that is none', async t => {
  for (const value of [null, 1, 'x', [], {}, { kind: 'List' }]) t.equal(statusOf(value), undefined)
  t.same(statusOf({ kind: 'Status', code: 'x', message: 1, details: [], reason: null }), {
    code: 0,
    reason: '',
    message: '',
    causes: [],
    retryAfterSeconds: undefined
  })
})

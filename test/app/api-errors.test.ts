// What people, probes and clients are told when an API server can't be asked, over real sockets: the exact words in the
// log and in /ready's body, SERVFAIL meanwhile, and the state without a restart once the fault is mended.
import type https from 'node:https'
import t from 'tap'
import { CorefileError } from '../../src/corefile/position.ts'
import { corefileOf, GOOD, kubeconfig, pem, placeFor, start, type Place } from '../support/api-place.ts'
import { refuse, resourceOf, type Responder, type WireApi } from '../support/wire-api.ts'

/** The text of an extended error, and its code. */
function extendedError(edns: { readonly options: readonly string[] } | undefined): string {
  const data = edns?.options.find(option => option.startsWith('15:'))?.slice(3) ?? ''
  return `${parseInt(data.slice(0, 4), 16)} ${Buffer.from(data.slice(4), 'hex').toString()}`
}

interface Row {
  readonly name: string
  /** Brings the fault about; gives the stanza's source, if it is not the kubeconfig. */
  readonly make: (place: Place) => unknown
  readonly source?: (place: Place) => string
  readonly message: (place: Place) => string
  /** What a client is told, below the resource's name. */
  readonly told: string
  /** Default: all. */
  readonly resources?: readonly string[]
  /** Undefined: there is no way. */
  readonly mend: ((place: Place) => unknown) | undefined
}

const ALL = ['namespaces', 'services', 'endpointslices']
const SERVER = ({ at }: Place) => `the API server https://${at}`
const FROM = ({ folder }: Place) => `(from context dev of ${folder}/config)`
const CHECK = 'check the token or client certificate: expired, revoked, or of another cluster'

const wellOf =
  (api: WireApi): Responder =>
  (request, response) =>
    api.well(request, response)
const tokenNeeded =
  (api: WireApi, token: string): Responder =>
  (request, response) => {
    if (request.headers.authorization === `Bearer ${token}`) api.well(request, response)
    else refuse(response, 401, 'Unauthorized', 'Unauthorized')
  }
const say =
  (status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}): Responder =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type, ...headers })
    response.end(body)
  }
const mendAnswers = ({ api }: Place) => (api.respond = wellOf(api))
const reopen = async (api: WireApi, tls?: https.ServerOptions) => {
  await api.close()
  await api.open(tls)
}
const HTML = '<!doctype html><title>Log in</title>'
const certificateUser = 'client-certificate: client.pem, client-key: client-key.pem'
const showCertificate = async (place: Place, more: https.ServerOptions) => {
  place.write('client.pem', pem('client-expired'))
  place.write('client-key.pem', pem('client-key'))
  place.write('config', kubeconfig(place.at, { user: certificateUser }))
  await reopen(place.api, { ...GOOD, ca: pem('cert'), requestCert: true, ...more })
}
const forbidden = (resource: string) =>
  `${resource} is forbidden: User "labdns" cannot list resource "${resource}" at the cluster scope`
const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
/** No resolver takes so long a label to anybody. */
const NOWHERE = `${'x'.repeat(64)}.invalid`

const rows: readonly Row[] = [
  {
    name: '401: a wrong token; its file is mended',
    make(place) {
      place.write('token', 'wrong')
      place.write('config', kubeconfig(place.at, { user: 'tokenFile: token' }))
      place.api.respond = tokenNeeded(place.api, 'right')
    },
    message: place => `${SERVER(place)} does not know our credentials (401); ${CHECK} ${FROM(place)}`,
    told: 'the API server does not accept the credentials of labdns',
    mend: ({ write }) => write('token', 'right\n')
  },
  {
    name: '401: an expired token in the kubeconfig, which is mended',
    make(place) {
      place.write('config', kubeconfig(place.at, { user: `token: ${jwt({ exp: 1_000_000_000 })}` }))
      place.api.respond = tokenNeeded(place.api, 'right')
    },
    message: place =>
      `${SERVER(place)} does not know our credentials (401): our token expired on 2001-09-09T01:46:40Z (now is TIME); a new one is needed where it came from ${FROM(place)}`,
    told: 'the API server does not accept the credentials of labdns',
    mend: place => place.write('config', kubeconfig(place.at))
  },
  {
    name: '401: no credentials at all',
    make(place) {
      place.write('config', kubeconfig(place.at, { user: '' }))
      place.api.respond = tokenNeeded(place.api, 'right')
    },
    message: place =>
      `${SERVER(place)} does not know our credentials (401): we sent none; a token or a client certificate is needed ${FROM(place)}`,
    told: 'the API server does not accept the credentials of labdns',
    mend: place => place.write('config', kubeconfig(place.at))
  },
  {
    name: '401: an expired client certificate',
    async make(place) {
      await showCertificate(place, { rejectUnauthorized: false })
      // As Kubernetes' own machinery: the handshake is well, the request is not.
      place.api.respond = (request, response) => {
        if ((request.socket as { authorized?: boolean }).authorized === true)
          place.api.well(request, response)
        else refuse(response, 401, 'Unauthorized', 'Unauthorized')
      }
    },
    message: place =>
      `${SERVER(place)} does not know our credentials (401): our client certificate (CN=client.example) expired on 2001-01-01T00:00:00Z (now is TIME); renew it ${FROM(place)}`,
    told: 'the API server does not accept the credentials of labdns',
    mend: ({ write }) => write('client.pem', pem('client-cert'))
  },
  {
    name: 'an expired client certificate, and a server that hangs up on it',
    make: place => showCertificate(place, { rejectUnauthorized: true }),
    message: place =>
      `the connection to ${SERVER(place)} ended: socket hang up; our client certificate (CN=client.example) expired on 2001-01-01T00:00:00Z (now is TIME); renew it ${FROM(place)}`,
    told: 'the connection to the API server ends early',
    mend: ({ write }) => write('client.pem', pem('client-cert'))
  },
  {
    name: '403 on one resource: the others go on',
    make({ api }) {
      api.respond = (request, response) => {
        if (resourceOf(request) !== 'endpointslices') api.well(request, response)
        else refuse(response, 403, 'Forbidden', forbidden('endpointslices'))
      }
    },
    resources: ['endpointslices'],
    message: place =>
      `${SERVER(place)} does not let us read endpointslices (403); add to our ClusterRole the rule apiGroups [discovery.k8s.io], resources [endpointslices], verbs [list, watch]: ${forbidden('endpointslices')}`,
    told: 'the API server does not let labdns read them',
    mend: mendAnswers
  },
  {
    name: 'a CA that did not sign',
    make: ({ write }) => write('ca.pem', pem('other-cert')),
    message: place =>
      `cannot trust ${SERVER(place)}: its certificate was not signed by the CA that we were given (self-signed certificate); check that it is this cluster's CA ${FROM(place)}`,
    told: 'no trust between the API server and labdns',
    mend: ({ write }) => write('ca.pem', pem('cert'))
  },
  {
    name: 'a CA that did not sign, in the kubeconfig itself',
    make(place) {
      const data = Buffer.from(pem('other-cert')).toString('base64')
      const cluster = `certificate-authority-data: ${data}, tls-server-name: dns.example`
      place.write('config', kubeconfig(place.at, { cluster }))
    },
    message: place =>
      `cannot trust ${SERVER(place)}: its certificate was not signed by the CA that we were given (self-signed certificate); check that it is this cluster's CA ${FROM(place)}`,
    told: 'no trust between the API server and labdns',
    mend: place => place.write('config', kubeconfig(place.at))
  },
  {
    name: "a name that is not in the server's certificate",
    make: place => place.write('config', kubeconfig(place.at, { cluster: 'certificate-authority: ca.pem' })),
    message: place =>
      `cannot trust ${SERVER(place)}: its certificate is for other names (DNS:dns.example; not 127.0.0.1); ask it by one of those, or name one as tls-server-name in a kubeconfig ${FROM(place)}`,
    told: 'no trust between the API server and labdns',
    mend: place => place.write('config', kubeconfig(place.at))
  },
  {
    name: "an expired certificate of the server's",
    make: ({ api, write }) => {
      write('ca.pem', pem('expired'))
      return reopen(api, { cert: pem('expired'), key: pem('key') })
    },
    message: place =>
      `cannot trust ${SERVER(place)}: its certificate has expired; renew it there, and check the clock here ${FROM(place)}`,
    told: 'no trust between the API server and labdns',
    mend: async ({ api, write }) => {
      write('ca.pem', pem('cert'))
      await reopen(api, GOOD)
    }
  },
  {
    name: 'nobody listens',
    make: ({ api }) => api.close(),
    message: place =>
      `cannot connect to ${SERVER(place)}: connection refused; check that it runs, and the address and port ${FROM(place)}`,
    told: 'the API server cannot be reached',
    mend: ({ api }) => api.open(GOOD)
  },
  {
    name: 'a name that stands for no address',
    make: place => place.write('config', kubeconfig(NOWHERE)),
    message: place =>
      `cannot connect to the API server https://${NOWHERE}: no such host; check the name: it is asked of the system resolver, never of labdns ${FROM(place)}`,
    told: 'the API server cannot be reached',
    mend: undefined
  },
  {
    name: 'HTTPS spoken to HTTP',
    make: ({ api }) => reopen(api),
    message: place =>
      `${SERVER(place)} does not speak TLS there; is it the HTTP port, or should its address begin with http://? ${FROM(place)}`,
    told: 'HTTP and HTTPS are mixed up before the API server',
    mend: ({ api }) => reopen(api, GOOD)
  },
  {
    name: 'HTTP spoken to HTTPS, which hangs up',
    make: () => undefined,
    source: ({ at }) => `endpoint http://${at}`,
    message: ({ at }) =>
      `the connection to the API server http://${at} ended: socket hang up; if it speaks HTTPS, its address must begin with https:// (from endpoint http://${at}/)`,
    told: 'the connection to the API server ends early',
    mend: ({ api }) => reopen(api)
  },
  {
    name: "HTTP spoken to HTTPS, which says so in Kubernetes' words",
    async make({ api }) {
      await reopen(api)
      api.respond = say(400, 'text/plain', 'Client sent an HTTP request to an HTTPS server.\n')
    },
    source: ({ at }) => `endpoint http://${at}`,
    message: ({ at }) =>
      `the API server http://${at} speaks HTTPS; write https:// in its address (from endpoint http://${at}/)`,
    told: 'HTTP and HTTPS are mixed up before the API server',
    mend: mendAnswers
  },
  {
    name: 'a web page',
    make: ({ api }) => (api.respond = say(200, 'text/html', HTML)),
    message: place =>
      `${SERVER(place)} answered 200 with a web page, so it is no API server: check the address, and whether a proxy or a login page stands between ${FROM(place)}`,
    told: 'what answers is no API server',
    mend: mendAnswers
  },
  {
    name: 'a way to a login page',
    make: ({ api }) =>
      (api.respond = say(302, 'text/html', HTML, { location: 'https://login.example/start?secret=1' })),
    message: place =>
      `${SERVER(place)} sends us elsewhere to https://login.example/start (302), so it is no API server: check the address, and whether a proxy or a login page stands between ${FROM(place)}`,
    told: 'what answers is no API server',
    mend: mendAnswers
  },
  {
    name: "a proxy's 403",
    make: ({ api }) => (api.respond = say(403, 'text/html', HTML)),
    message: place =>
      `${SERVER(place)} answered 403 with a web page, so it is no API server: check the address, and whether a proxy or a login page stands between ${FROM(place)}`,
    told: 'what answers is no API server',
    mend: mendAnswers
  },
  {
    name: 'text',
    make: ({ api }) => (api.respond = say(200, 'text/plain', 'hello')),
    resources: ['services'],
    message: place =>
      `${SERVER(place)} sent text/plain for services; expected application/json: check the address, and what stands between ${FROM(place)}`,
    told: 'what answers is no API server',
    mend: mendAnswers
  },
  {
    name: 'JSON that is no Kubernetes',
    make: ({ api }) => (api.respond = say(200, 'application/json', '{"hello":"world"}')),
    resources: ['services'],
    message: place =>
      `the list of services that ${SERVER(place)} sent is a thing without a kind; expected a ServiceList: check the address and its path`,
    told: 'the API server does not understand labdns, or is none',
    mend: mendAnswers
  }
]

for (const row of rows) {
  const { name, make, source, message, told, mend } = row
  t.test(name, async t => {
    const place = await placeFor(t)
    await make(place)
    const server = await start(t, source?.(place) ?? `kubeconfig ${place.folder}/config`)
    const { ask, ready, lines, until } = server
    const resources = row.resources ?? ALL
    const first = resources[0] ?? ''
    const undated = (text: string) => text.replace(/now is [-:\dTZ]+/g, 'now is TIME')
    const expected = message(place)
    const line = `: ${expected}; names of the cluster are answered once everything is known`
    // Resources that are found in trouble together share a line.
    const said = () =>
      lines()
        .map(undated)
        .filter(each => each.startsWith('[WARNING] labdns: ') && each.endsWith(line))
        .flatMap(each => each.slice('[WARNING] labdns: '.length, -line.length).split(', '))
    await until(() => said().length === resources.length, expected)
    t.same(said().sort(), [...resources].sort())
    server.clock.advance(5000)
    const readyText = undated(await ready())
    t.match(readyText, /^503 kubernetes\nkubernetes: the state of the cluster is not loaded yet\n/)
    for (const each of resources)
      t.ok(readyText.split('\n').includes(`kubernetes: ${each}: ${expected}`), readyText)
    const isKnown = row.resources?.[0] === 'endpointslices'
    if (isKnown)
      t.equal((await ask('web.default.svc.cluster.local')).rcode, 'NOERROR', 'what is known is answered')
    for (const question of ['web.default.svc.cluster.local', 'nothing.default.svc.cluster.local'].slice(
      isKnown ? 1 : 0
    )) {
      const { rcode, edns } = await ask(question)
      t.equal(rcode, 'SERVFAIL')
      const text = extendedError(edns)
      const shown = resources.length === ALL.length || isKnown ? first : 'namespaces'
      t.equal(text, `14 the state of the cluster is not loaded yet: ${shown}: ${told}`)
      t.notMatch(text, /127\.0\.0\.1|config|invalid/)
    }
    t.equal((await ask('outside.example')).rcode, 'NOERROR', 'others are answered')
    if (mend === undefined) return
    await mend(place)
    await until(async () => (await ready()) === '200 OK', 'all is well')
    t.same((await ask('web.default.svc.cluster.local')).answer, [
      'web.default.svc.cluster.local 5 A 10.96.0.7'
    ])
    t.equal((await ask('nothing.default.svc.cluster.local')).rcode, 'NXDOMAIN')
    await until(
      () => lines().some(each => each.includes('the API server answers again')),
      'the log says so too'
    )
  })
}

t.test('403 on all: a line for each, with its rule', async t => {
  const place = await placeFor(t)
  place.api.respond = (request, response) =>
    refuse(response, 403, 'Forbidden', forbidden(resourceOf(request)))
  const { lines, until, ready } = await start(t, `kubeconfig ${place.folder}/config`)
  await until(() => lines().length >= 3, 'three lines')
  const groups = { namespaces: '""', services: '""', endpointslices: 'discovery.k8s.io' }
  t.same(
    lines(),
    Object.entries(groups).map(
      ([name, group]) =>
        `[WARNING] labdns: ${name}: ${SERVER(place)} does not let us read ${name} (403); add to our ClusterRole the rule apiGroups [${group}], resources [${name}], verbs [list, watch]: ${forbidden(name)}; names of the cluster are answered once everything is known`
    )
  )
  mendAnswers(place)
  await until(async () => (await ready()) === '200 OK', 'all is well')
})

const mistakes: readonly {
  name: string
  context?: string
  text: ((place: Place) => string) | undefined
  message: (file: string) => string
  hint: (file: string) => string
}[] = [
  {
    name: 'no file',
    text: undefined,
    message: file => `stat ${file}: no such file or directory`,
    hint: () => 'there is no kubeconfig at that path'
  },
  {
    name: 'no YAML',
    text: () => 'current-context: dev\nclusters: [{name: c\nusers: []\n',
    message: file => `error loading config file "${file}": SYNTAX`,
    hint: file => `${file}:2:12: a kubeconfig is one YAML or JSON document`
  },
  {
    name: 'a context that is not there',
    context: 'dve',
    text: ({ at }) => kubeconfig(at),
    message: () => 'context "dve" does not exist',
    hint: file => `did you mean "dev"? ${file} has these contexts: dev`
  },
  {
    name: 'a user that is not there',
    text: ({ at }) => kubeconfig(at).replace('user: u}', 'user: gone}'),
    message: () => 'context "dev": there is no user "gone"',
    hint: file => `${file}:4:12: ${file} has these users: u`
  },
  {
    name: 'a cluster that is not there',
    text: ({ at }) => kubeconfig(at).replace('cluster: c,', 'cluster: gone,'),
    message: () =>
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    hint: file => `${file}:4:12: the context names a cluster "gone"; ${file} has these: c`
  }
]

for (const { name, context = '', text, message, hint } of mistakes) {
  t.test(`a kubeconfig with a mistake: ${name}`, async t => {
    const place = await placeFor(t)
    const file = `${place.folder}/other`
    if (text !== undefined) place.write('other', text(place))
    const stanza = `kubeconfig ${file} ${context}`
    const refused = (error: unknown) => {
      t.ok(error instanceof CorefileError)
      if (!(error instanceof CorefileError)) return
      const said = name === 'no YAML' ? error.message.replace(/^(.*"): .*/s, '$1: SYNTAX') : error.message
      t.ok(said.includes(message(file)), `${said}\n${message(file)}`)
      t.equal(error.hint, hint(file))
      t.equal(error.at?.line, 6, 'the stanza is named, by its end')
    }
    await start(t, stanza).then(() => t.fail('it started'), refused)
    // A server that runs goes on with what it has, and takes the next one.
    const { running, until, ready, ask } = await start(t, `kubeconfig ${place.folder}/config`)
    await until(async () => (await ready()) === '200 OK', 'all is well')
    await running.reload(corefileOf(stanza)).then(() => t.fail('it was taken'), refused)
    t.equal((await ask('web.default.svc.cluster.local')).rcode, 'NOERROR')
    place.write('other', kubeconfig(place.at).replaceAll('dev', context || 'dev'))
    const reloaded = running.reload(corefileOf(stanza))
    await until(async () => (await ask('web.default.svc.cluster.local')).rcode === 'NOERROR', 'the new state')
    await reloaded
  })
}

t.test('a kubeconfig that breaks while its token is refused', async t => {
  const place = await placeFor(t)
  place.api.respond = tokenNeeded(place.api, 'new')
  const { lines, until, ready } = await start(t, `kubeconfig ${place.folder}/config`)
  await until(() => lines().length > 0, 'the 401')
  place.write('config', 'clusters: [\n')
  await until(() => lines().length > 1, 'the mistake')
  t.match(
    lines()[1],
    `${place.folder}/config:1:11: a kubeconfig is one YAML or JSON document); names of the cluster`
  )
  place.write('config', kubeconfig(place.at, { user: 'token: new' }))
  await until(async () => (await ready()) === '200 OK', 'all is well')
})

// Certificates and tokens that are replaced while we run, over real sockets: names stay answered, what changes afterwards
// is seen, and nobody is bothered where the new ones were there in time.
import t, { type Test } from 'tap'
import { GOOD, kubeconfig, pem, placeFor, start, type ApiServed, type Place } from '../support/api-place.ts'
import { fakeFiles } from '../support/fake-files.ts'
import { refuse, resourceOf } from '../support/wire-api.ts'

/** The server's after the rotation: `next-ca.pem` has signed its certificate, which is for 127.0.0.1 too. */
const NEXT = { cert: pem('next-cert'), key: pem('next-key') }
const WEB = 'web.default.svc.cluster.local'
const LATE = 'late.default.svc.cluster.local'
const ALL = ['endpointslices', 'namespaces', 'services']
const REQUESTS = 'coredns_kubernetes_rest_client_requests_total'
/** In milliseconds, of time that passes slowly: what takes a moment here takes a moment there. */
const SLOW = 25

/** Settles when everything is served and watched. */
async function begun(t: Test, place: Place, source: string, machine = {}): Promise<ApiServed> {
  const server = await start(t, source, machine)
  const { until, ready } = server
  await until(async () => (await ready()) === '200 OK' && place.api.watched.length === 3, 'all is well')
  return server
}

/** Lets time pass until it is so. At every step the name is answered, and /ready says `expected`. */
async function throughout(
  t: Test,
  { ask, ready, until }: ApiServed,
  expected: RegExp,
  isSo: () => boolean | Promise<boolean>,
  what: string
): Promise<void> {
  const otherwise = new Set<string>()
  const look = async () => {
    const { rcode, answer } = await ask(WEB)
    if (answer.join() !== `${WEB} 5 A 10.96.0.7`) otherwise.add(`${rcode} ${answer.join()}`)
    const said = await ready()
    if (!expected.test(said)) otherwise.add(said)
    return isSo()
  }
  await until(look, what, SLOW)
  t.same([...otherwise], [], 'and nothing else was said meanwhile')
}

/** What is added from now on is answered. */
async function seesWhatIsAdded(t: Test, place: Place, server: ApiServed): Promise<void> {
  const { ask, ready, until } = server
  place.api.add('late', '10.96.0.8')
  await throughout(t, server, /^200 OK/, async () => (await ask(LATE)).rcode === 'NOERROR', 'it is answered')
  t.same((await ask(LATE)).answer, [`${LATE} 5 A 10.96.0.8`])
  await until(async () => (await ready()) === '200 OK', 'all is well again')
}

/** Lets the server know one token alone; gives what it was shown, and what becomes of one that it does not know. */
function takesOnly(place: Place, first: string) {
  const guard = {
    token: first,
    refused: [] as string[],
    taken: [] as string[],
    onRefusal: () => undefined as unknown
  }
  place.api.respond = (request, response) => {
    const shown = request.headers.authorization?.replace(/^Bearer /, '') ?? ''
    const what = `${resourceOf(request)} ${shown}`
    if (shown === guard.token) {
      guard.taken.push(what)
      place.api.well(request, response)
      return
    }
    guard.refused.push(what)
    guard.onRefusal()
    refuse(response, 401, 'Unauthorized', 'Unauthorized')
  }
  return guard
}

t.test('CA and certificate change together, and every connection is cut', async t => {
  const place = await placeFor(t)
  const server = await begun(t, place, `kubeconfig ${place.folder}/config`)
  place.write('ca.pem', pem('next-ca'))
  place.api.showInstead(NEXT)
  await seesWhatIsAdded(t, place, server)
  t.same(
    server.lines().filter(line => line.startsWith('[WARNING]')),
    [],
    'nobody has anything to do'
  )
})

t.test('the CA is there first: what is open goes on, and the next connection trusts the new one', async t => {
  const place = await placeFor(t)
  const server = await begun(t, place, `kubeconfig ${place.folder}/config`)
  place.write('ca.pem', pem('next-ca'))
  place.api.add('early', '10.96.0.9')
  const isThere = async () => (await server.ask('early.default.svc.cluster.local')).rcode === 'NOERROR'
  await throughout(t, server, /^200 OK$/, isThere, 'the watch is still open')
  place.api.showInstead(NEXT)
  await seesWhatIsAdded(t, place, server)
})

t.test(
  'the certificate changes first: what was known is served, and it is said until the CA follows',
  async t => {
    const place = await placeFor(t)
    const server = await begun(t, place, `kubeconfig ${place.folder}/config`)
    const { ask, lines, ready, until } = server
    place.api.showInstead(NEXT)
    place.api.add('late', '10.96.0.8')
    const why = `cannot trust the API server https://${place.at}: its certificate was not signed by the CA that we were given (unable to verify the first certificate); check that it is this cluster's CA (from context dev of ${place.folder}/config)`
    const said = () => lines().filter(line => line.endsWith(`: ${why}; the last state stays in service`))
    await throughout(t, server, /^200 OK/, () => said().length > 0, 'the log says what is wrong')
    await throughout(
      t,
      server,
      /^200 OK\n/,
      async () =>
        (await ready()) ===
        [
          '200 OK',
          'degraded:',
          ...['namespaces', 'services', 'endpointslices'].map(each => `kubernetes: ${each}: ${why}`)
        ].join('\n'),
      'so does /ready'
    )
    t.equal((await ask(LATE)).rcode, 'NXDOMAIN', 'it came to be behind our back')
    const named = said().flatMap(line =>
      line.slice('[WARNING] labdns: '.length).split(`: ${why}`)[0]!.split(', ')
    )
    t.same(named.sort(), ALL, 'once for each')
    place.write('ca.pem', pem('next-ca'))
    await throughout(
      t,
      server,
      /^200 OK/,
      async () => (await ask(LATE)).rcode === 'NOERROR',
      'it is answered'
    )
    await until(async () => (await ready()) === '200 OK', 'all is well again')
    await until(
      () => lines().some(line => line.includes('the API server answers again, after ')),
      'the log says so'
    )
  }
)

/** A bound token's life: read anew each time, and once more at once where it is refused. */
async function rotatesToken(
  t: Test,
  place: Place,
  source: string,
  write: (token: string) => void,
  machine = {}
): Promise<void> {
  const guard = takesOnly(place, 'one')
  const server = await begun(t, place, source, machine)
  const { clock } = server
  t.same(guard.refused, [])
  /** Watches of a moment would be failures: lets them last, from when their headers are here. */
  const last = async (answers: number) => {
    const arrived = async () => {
      const { samples = {} } = (await server.metrics()).get(REQUESTS) ?? {}
      return samples[`code="200",host="${place.at}",method="GET"`] === answers
    }
    await server.until(arrived, `${answers} answers`, SLOW)
    clock.advance(2000)
  }
  const isWatching = (token: string) => () =>
    ALL.every(each => guard.taken.includes(`${each} ${token}`)) && place.api.watched.length === 3
  await last(6)
  // The new one is written in time.
  write('two')
  guard.token = 'two'
  place.api.endWatches()
  await throughout(t, server, /^200 OK$/, isWatching('two'), 'watches with the second token')
  t.same(guard.refused, [], 'nobody had to refuse anything')
  // It is written when requests with the old one are on their way.
  await last(9)
  guard.token = 'three'
  guard.onRefusal = () => {
    write('three')
  }
  guard.taken.length = 0
  place.api.endWatches()
  await throughout(t, server, /^200 OK$/, isWatching('three'), 'watches with the third token')
  t.ok(guard.refused.length > 0 && guard.refused.length <= 3, `refused: ${guard.refused.join()}`)
  t.equal(new Set(guard.refused).size, guard.refused.length, 'each asks again at once, with the new one')
  // And each of them was taken at the next attempt: nothing was listed anew, a watch was opened.
  t.equal(guard.taken.length, 3)
  await last(12)
  clock.advance(2000)
  t.same(
    server.lines().filter(line => line.startsWith('[WARNING]')),
    [],
    'nobody is bothered'
  )
  const failures = (await server.metrics()).get('labdns_cluster_request_failures_total')
  t.equal(failures, undefined, 'nothing failed')
  await seesWhatIsAdded(t, place, server)
}

t.test('a token file of a kubeconfig', async t => {
  const place = await placeFor(t)
  const write = (token: string) => place.write('token', `${token}\n`)
  write('one')
  place.write('config', kubeconfig(place.at, { user: 'tokenFile: token' }))
  await rotatesToken(t, place, `kubeconfig ${place.folder}/config`, write)
})

const MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/** A Pod's own files and environment; the first certificate is for its API server's address. */
async function podFor(t: Test) {
  const place = await placeFor(t, { ...GOOD, cert: pem('address-cert') })
  const texts = { [`${MOUNT}/token`]: 'one', [`${MOUNT}/ca.crt`]: pem('address-cert') }
  const environment = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(place.api.port)
  }
  return { place, texts, machine: { files: fakeFiles(texts), environment } }
}

t.test("a Pod's bound token", async t => {
  const { place, texts, machine } = await podFor(t)
  const write = (token: string) => {
    texts[`${MOUNT}/token`] = token
  }
  await rotatesToken(t, place, 'ttl 5', write, machine)
})

t.test("a Pod's CA and its server's certificate", async t => {
  const { place, texts, machine } = await podFor(t)
  const server = await begun(t, place, 'ttl 5', machine)
  texts[`${MOUNT}/ca.crt`] = pem('next-ca')
  place.api.showInstead(NEXT)
  await seesWhatIsAdded(t, place, server)
  t.same(
    server.lines().filter(line => line.startsWith('[WARNING]')),
    []
  )
})

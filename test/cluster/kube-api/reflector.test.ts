// The failure matrix of kubernetes-api.md §2, row by row, before the model of an API server: with a clock that stands
// still and sockets that do what a test says.
import t, { type Test } from 'tap'
import { Pipe, refused, reset, status, ModelApi } from './model-api.ts'
import { HeldState, namespace, service, slice, watching, type Watching } from './watching.ts'

/** A model with something in it. */
function filled(count = 3): ModelApi {
  const api = new ModelApi()
  api.put(namespace('default'))
  for (let at = 0; at < count; at++) {
    api.put(service(`web-${at}`, `10.96.0.${at + 1}`))
    api.put(slice(`web-${at}-x`, `web-${at}`, `10.1.0.${at + 1}`))
  }
  return api
}

function isTrue(t: Test, { state, api }: Watching, message: string): void {
  t.same(state.names('Service'), api.names('services'), `${message}: services`)
  t.same(state.names('EndpointSlice'), api.names('endpointslices'), `${message}: slices`)
  t.same(state.names('Namespace'), api.names('namespaces'), `${message}: namespaces`)
}

t.test('tells everything, then synced, then every change', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(0)
  t.equal(w.isStarted(), true)
  t.equal(w.state.syncedTimes, 1)
  isTrue(t, w, 'after the start')
  t.same(w.source.status(), { isSynced: true, problems: [], reasons: [] })
  w.api.put(service('new'))
  w.api.put(service('web-0', '10.96.9.9'))
  w.api.delete(service('web-1'))
  await w.pass(0)
  isTrue(t, w, 'after changes')
  t.match(w.state.objects.get('Service/default/web-0'), { clusterIPs: ['10.96.9.9'] })
  t.equal(w.counts.of('relisted services start'), 1)
  t.equal(w.counts.of('event services DELETED'), 1)
})

t.test(
  'reads pages of 500 of one version, and starts over when the version is forgotten between two',
  async t => {
    const api = new ModelApi()
    for (let at = 0; at < 1200; at++) api.put(service(`s-${at}`))
    let pages = 0
    api.intercept = ({ resource, query }) => {
      if (resource !== 'services' || query['watch'] !== undefined) return undefined
      t.equal(query['resourceVersion'], undefined, 'no version: only such a list is complete and of now')
      if (++pages !== 2) return undefined
      api.put(service('later'))
      api.compact()
      return undefined
    }
    const w = watching(t, { api })
    await w.pass(3000)
    t.equal(w.state.names('Service').length, 1201)
    t.equal(pages, 5, 'two pages, and three after the start')
    t.same(w.source.status(), { isSynced: true, problems: [], reasons: [] })
  }
)

t.test('away at start: says so, goes on trying, and is there within 5 s when it comes', async t => {
  const api = filled()
  api.intercept = () => refused()
  const w = watching(t, { api })
  await w.pass(40_000)
  t.equal(w.isStarted(), false, 'neither done nor failed')
  t.equal(w.state.syncedTimes, 0)
  const { isSynced, problems } = w.source.status()
  t.equal(isSynced, false)
  t.match(problems, [
    /^namespaces: cannot connect to the API server https:\/\/10\.96\.0\.1: connection refused; check that it runs, and the address and port \(for 40 s\)$/,
    /^services: /,
    /^endpointslices: /
  ])
  t.same(
    w.log.lines,
    [
      '[WARNING] labdns: namespaces, services, endpointslices: cannot connect to the API server https://10.96.0.1: connection refused; check that it runs, and the address and port; names of the cluster are answered once everything is known'
    ],
    'one line for all of it'
  )
  api.intercept = undefined
  await w.pass(5000)
  t.equal(w.isStarted(), true)
  isTrue(t, w, 'when it is there')
  t.match(w.log.lines.at(-1), /answers again, after 4\d s$/)
})

for (const { seconds, within } of [
  { seconds: 1, within: 5 },
  { seconds: 59, within: 5 },
  { seconds: 600, within: 30 },
  { seconds: 3600, within: 30 }
]) {
  t.test(
    `away for ${seconds} s in the middle: the last state stays, the truth is back within ${within} s`,
    async t => {
      const w = watching(t, { api: filled() })
      await w.pass(200_000, 1000)
      const before = w.state.names('Service')
      w.api.intercept = () => refused()
      w.api.cutWatches()
      w.api.delete(service('web-0'))
      w.api.put(service('fresh'))
      const asked = w.api.asked.length
      await w.pass(seconds * 1000, seconds > 60 ? 2000 : 100)
      t.same(w.state.names('Service'), before, 'the last state')
      const tries = (w.api.asked.length - asked) / 3
      t.ok(tries <= 3 + Math.min(seconds, 60) + seconds / 14, `${tries} tries are not too many`)
      const lists = w.api.lists('services')
      w.api.intercept = undefined
      await w.pass(within * 1000)
      isTrue(t, w, 'after it')
      t.equal(w.api.lists('services'), lists, 'by resuming the watch, not by a list')
      t.ok(w.state.least >= 4, 'never empty')
      t.same(w.source.status().problems, [])
    }
  )
}

t.test(
  'a connection reset in the middle of an event: the half is dropped, the watch goes on from the last whole one',
  async t => {
    const w = watching(t, { api: filled() })
    await w.pass(1500)
    w.api.put(service('whole'))
    const version = String(w.api.version)
    await w.pass(0)
    w.api.inject('services', '{"type":"ADDED","object":{"kind":"Service","metadata":{"name":"ha')
    await w.pass(0)
    w.api.cutWatches()
    w.api.put(service('half'))
    await w.pass(5000)
    isTrue(t, w, 'after it')
    const watches = w.api.asked.filter(
      ({ resource, query }) => resource === 'services' && query['watch'] === '1'
    )
    t.equal(watches.at(-1)?.query['resourceVersion'], version)
    t.equal(w.counts.of('failed services closed'), 1)
    t.equal(w.api.lists('services'), 1)
    t.notMatch(w.log.lines.join('\n'), /WARNING/, 'what is over at once is nobody’s business')
  }
)

t.test('half an event at a clean end is none either', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(1500)
  w.api.inject(
    'services',
    '{"type":"ADDED","object":{"kind":"Service","metadata":{"name":"half","namespace":"default","resourceVersion":"99"}}}'
  )
  w.api.endWatches()
  await w.pass(0)
  isTrue(t, w, 'after it')
})

t.test('silent clean ends: resumed at once, without a list, an error or a log line', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const lines = w.log.lines.length
  for (let at = 0; at < 5; at++) {
    w.api.endWatches()
    w.api.put(service(`more-${at}`))
    await w.pass(0)
    t.equal(w.api.watches, 3, 'watching again at once')
    await w.pass(2000)
  }
  isTrue(t, w, 'after them')
  t.equal(w.api.lists('services'), 1)
  t.equal(w.log.lines.length, lines)
  t.equal(w.counts.of('failed services closed'), 0)
})

t.test('a watch that ends at once is a failure: no hot loop', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const asked = w.api.asked.length
  w.api.intercept = ({ query }) =>
    query['watch'] === '1'
      ? { status: 200, headers: { 'content-type': 'application/json' }, body: '' }
      : undefined
  w.api.endWatches()
  await w.pass(60_000)
  const watches = (w.api.asked.length - asked) / 3
  t.ok(watches < 60, `${watches} watches in a minute`)
  await w.pass(600_000, 500)
  const later = (w.api.asked.length - asked) / 3 - watches
  t.ok(later < 45, `${later} in the next ten`)
  t.match(w.source.status().problems[0], /ended a watch of namespaces at once/)
  w.api.intercept = undefined
  await w.pass(30_000)
  isTrue(t, w, 'after it')
})

t.test('a silent stall is noticed within timeoutSeconds and 30 s, which is ten minutes at most', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(1000)
  w.api.stall()
  w.api.put(service('unseen'))
  await w.pass(290_000, 1000)
  t.notSame(w.state.names('Service'), w.api.names('services'), 'silence is normal so far')
  await w.pass(311_000, 1000)
  isTrue(t, w, 'after ten minutes')
  t.ok(w.counts.of('failed services silent') >= 1)
  for (const { query } of w.api.asked) {
    if (query['watch'] === undefined) continue
    const seconds = Number(query['timeoutSeconds'])
    t.ok(seconds >= 300 && seconds <= 570, `timeoutSeconds ${seconds}`)
    t.equal(query['allowWatchBookmarks'], 'true')
  }
})

t.test(
  'no headers: a list is given up after 40 s, a watch, whose headers come at once, after 10 s',
  async t => {
    const api = filled()
    const get = api.get.bind(api)
    let isSilent = true
    api.get = request =>
      isSilent && request.url.pathname.endsWith('/services')
        ? new Promise((_, reject) =>
            request.signal.addEventListener('abort', () => reject(request.signal.reason as Error))
          )
        : get(request)
    const w = watching(t, { api })
    await w.pass(39_000, 1000)
    t.match(w.source.status().problems, [/^services: being listed for 39 s, 0 objects so far$/])
    await w.pass(1200)
    t.match(w.source.status().problems, [
      /^services: the API server .* sent no answer for services within 40 s/
    ])
    isSilent = false
    await w.pass(45_000)
    isTrue(t, w, 'after it')
    isSilent = true
    api.cutWatches()
    api.put(service('during'))
    await w.pass(10_000)
    isSilent = false
    await w.pass(5000)
    isTrue(t, w, 'after a silent watch')
  }
)

t.test(
  '410 as an ERROR event: listed again at once, deletes that were missed are seen, never empty',
  async t => {
    const w = watching(t, { api: filled(50) })
    await w.pass(2000)
    w.api.intercept = () => refused()
    w.api.cutWatches()
    w.api.delete(service('web-3'))
    w.api.put(service('web-4', '10.96.4.4'))
    w.api.put(service('fresh'))
    w.api.compact()
    await w.pass(3000)
    w.api.intercept = undefined
    await w.pass(3000)
    isTrue(t, w, 'after it')
    t.match(w.state.objects.get('Service/default/web-4'), { clusterIPs: ['10.96.4.4'] })
    t.equal(w.counts.of('relisted services gone'), 1)
    t.ok(w.state.least >= 98, 'never fewer than what stays')
    t.equal(w.state.syncedTimes, 1, 'synced is said once')
  }
)

t.test('410 as a status: the same', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  let left = 3
  w.api.intercept = ({ query }) =>
    query['watch'] === '1' && left-- > 0 ? status(410, 'Expired', 'too old resource version') : undefined
  w.api.cutWatches()
  w.api.delete(service('web-0'))
  await w.pass(5000)
  isTrue(t, w, 'after it')
  t.equal(w.counts.of('relisted services gone'), 1)
})

t.test('410 each time: lists are paced', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const lists = w.api.lists('services')
  w.api.intercept = ({ query }) => (query['watch'] === '1' ? status(410, 'Expired', 'too old') : undefined)
  w.api.cutWatches()
  w.api.put(service('during'))
  await w.pass(60_000)
  const count = w.api.lists('services') - lists
  t.ok(count >= 5 && count <= 60, `${count} lists in a minute`)
  isTrue(t, w, 'and what they say is served')
})

t.test('a list that is older than what was seen is asked for again, and then believed', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const old = w.api.version
  w.api.put(service('newest'))
  await w.pass(0)
  // A replica that lags: it answers once with an older state.
  let stale = 1
  w.api.compact()
  w.api.intercept = ({ resource, query }) => {
    if (resource !== 'services') return undefined
    if (query['watch'] === '1') return stale > 0 ? status(410, 'Expired', 'too old') : undefined
    if (stale-- <= 0) return undefined
    const body = { kind: 'ServiceList', metadata: { resourceVersion: String(old) }, items: [] }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  }
  w.api.cutWatches()
  await w.pass(5000)
  isTrue(t, w, 'never backwards')
  t.ok(w.state.names('Service').includes('default/newest'))
  // A restored etcd: it says the same again.
  w.api.intercept = undefined
  w.api.restore(5, [
    { ...service('restored'), metadata: { ...service('restored').metadata, resourceVersion: '3' } }
  ])
  w.api.cutWatches()
  w.api.intercept = ({ query }) =>
    Number(query['resourceVersion'] ?? 0) > 5 ? status(410, 'Expired', 'too old') : undefined
  await w.pass(5000)
  isTrue(t, w, 'what a restore left')
  t.equal(w.counts.of('relisted services restored'), 1)
})

t.test(
  'missed events without an error: found within one interval, made up for, counted and said',
  async t => {
    const w = watching(t, { api: filled(), consistencyMs: 600_000 })
    await w.pass(2000)
    w.api.loses = () => true
    w.api.delete(service('web-0'))
    w.api.put(service('web-1', '10.96.1.77'))
    w.api.put(service('unseen'))
    w.api.loses = undefined
    w.api.put(slice('seen', 'web-2'))
    w.api.bookmark()
    await w.pass(610_000, 500)
    isTrue(t, w, 'after an interval')
    t.match(w.state.objects.get('Service/default/web-1'), { clusterIPs: ['10.96.1.77'] })
    t.equal(w.counts.of('repaired services'), 3)
    t.equal(w.counts.of('repaired endpointslices'), 0)
    t.equal(w.counts.of('relisted endpointslices consistency'), 1)
    const lines = w.log.lines.filter(line => line.includes('missed'))
    t.equal(lines.length, 1)
    t.match(
      lines[0],
      /^\[WARNING\] labdns: services: the watch had missed 3 changes \(default\/.*\); a full list made up for it$/
    )
  }
)

t.test('a comparison finds nothing where the watch is only late, and is off with 0', async t => {
  const w = watching(t, { api: filled(20), consistencyMs: 60_000 })
  await w.pass(2000)
  let held: (() => void)[] = []
  w.api.loses = change => {
    held.push(() =>
      w.api.inject('services', `${JSON.stringify({ type: change.type, object: change.object })}\n`)
    )
    return true
  }
  for (let second = 0; second < 70; second++) {
    w.api.put(service(`s-${second % 7}`, `10.96.3.${second}`))
    if (second % 3 === 0) w.api.delete(service(`s-${(second + 3) % 7}`))
    await w.pass(1000)
    // Two seconds late, in order.
    if (second % 2 === 0) for (const send of held.splice(0)) send()
  }
  held = []
  await w.pass(0)
  t.equal(w.counts.of('relisted services consistency') >= 1, true)
  t.equal(w.counts.of('repaired services'), 0)
  const off = watching(t, { api: filled(), consistencyMs: 0 })
  await off.pass(2_000_000, 10_000)
  t.equal(off.api.lists('services'), 1)
})

t.test('a comparison that finds an older history takes that over', async t => {
  const w = watching(t, { api: filled(), consistencyMs: 60_000 })
  await w.pass(2000)
  const only = { ...service('only'), metadata: { ...service('only').metadata, resourceVersion: '4' } }
  w.api.restore(5, [only])
  await w.pass(70_000)
  isTrue(t, w, 'after it')
  t.match(w.log.lines.join('\n'), /services: .* went back to an older state/)
})

t.test('429 with Retry-After is obeyed; 500 and 503 are resumed from the same version', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const asked = w.api.asked.length
  w.api.intercept = () => ({
    status: 429,
    headers: { 'content-type': 'text/plain', 'retry-after': '20' },
    body: 'Too many requests, please try again later.\n'
  })
  w.api.cutWatches()
  await w.pass(15_000)
  t.equal(w.api.asked.length - asked, 3, 'one try after the reset, and then the time that was asked for')
  t.match(
    w.source.status().problems[1],
    /^services: .*too much to do \(429\).*: Too many requests, please try again later\./
  )
  w.api.intercept = () => status(503, 'ServiceUnavailable', 'not now')
  await w.pass(30_000)
  const lists = w.api.lists('services')
  w.api.intercept = undefined
  w.api.put(service('after'))
  await w.pass(5000)
  isTrue(t, w, 'after it')
  t.equal(lists >= 1, true)
})

t.test('a 500 that the same version gets again and again: listed instead', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  let first: string | undefined
  w.api.intercept = ({ resource, query }) => {
    if (resource !== 'services' || query['watch'] !== '1') return undefined
    first ??= query['resourceVersion']
    return query['resourceVersion'] === first
      ? status(500, 'InternalError', 'resourceVersion: Invalid value')
      : undefined
  }
  w.api.cutWatches()
  w.api.put(service('during'))
  await w.pass(10_000)
  isTrue(t, w, 'after it')
  t.equal(w.counts.of('relisted services watch-failed'), 1)
})

t.test('ResourceVersionTooLarge: waited for, then listed', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const body = JSON.stringify({
    kind: 'Status',
    status: 'Failure',
    message: 'Timeout: Too large resource version: 9, current: 6',
    reason: 'Timeout',
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'x' }], retryAfterSeconds: 1 },
    code: 504
  })
  let left = 3
  w.api.intercept = ({ resource, query }) =>
    resource === 'services' && query['watch'] === '1' && left-- > 0
      ? { status: 504, headers: { 'content-type': 'application/json' }, body }
      : undefined
  w.api.cutWatches()
  await w.pass(10_000)
  isTrue(t, w, 'after it')
  t.equal(w.counts.of('failed services too-large-version'), 3)
  t.equal(w.counts.of('relisted services watch-failed'), 1)
})

t.test('401: the credentials are renewed at once; what stays refused is said', async t => {
  const api = filled()
  let token = 'old'
  const renewed: boolean[] = []
  api.intercept = ({ headers }) =>
    headers['authorization'] === 'Bearer new' ? undefined : status(401, 'Unauthorized', 'Unauthorized')
  const w = watching(t, {
    api,
    connection: {
      credentials: renew => {
        renewed.push(renew)
        if (renew) token = 'new'
        return Promise.resolve({ headers: { authorization: `Bearer ${token}` }, tls: {} })
      }
    }
  })
  await w.pass(0)
  t.equal(w.isStarted(), true, 'without any wait')
  t.ok(renewed.includes(true))
  w.api.intercept = () => status(401, 'Unauthorized', 'Unauthorized')
  w.api.cutWatches()
  await w.pass(5000)
  t.match(w.source.status().problems, [/^namespaces: .*credentials \(401\)/, /401/, /401/])
  isTrue(t, w, 'the last state')
  w.api.intercept = undefined
  await w.pass(5000)
  t.same(w.source.status().problems, [])
})

t.test('credentials that cannot be had are a problem like any other', async t => {
  let broken = true
  const w = watching(t, {
    api: filled(),
    connection: {
      credentials: () =>
        broken
          ? Promise.reject(new Error('/var/run/token: no such file or directory; is the volume mounted?'))
          : Promise.resolve({ headers: {}, tls: {} })
    }
  })
  await w.pass(2000)
  t.match(
    w.source.status().problems[0],
    /^namespaces: \/var\/run\/token: no such file or directory; is the volume/
  )
  broken = false
  await w.pass(5000)
  t.equal(w.isStarted(), true)
})

t.test('403 on one resource: the rule that is missing is said, the others go on', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  w.api.intercept = ({ resource }) =>
    resource === 'endpointslices'
      ? status(
          403,
          'Forbidden',
          'endpointslices.discovery.k8s.io is forbidden: User "x" cannot list resource'
        )
      : undefined
  w.api.cutWatches()
  w.api.put(service('during'))
  await w.pass(5000)
  t.same(w.state.names('Service'), w.api.names('services'), 'services go on')
  t.equal(w.source.status().problems.length, 1)
  t.match(
    w.source.status().problems[0],
    /^endpointslices: .*\(403\); add to our ClusterRole the rule apiGroups \[discovery\.k8s\.io\], resources \[endpointslices\], verbs \[list, watch\]/
  )
  w.api.intercept = undefined
  w.api.put(slice('late', 'during'))
  await w.pass(5000)
  isTrue(t, w, 'after it')
})

t.test('streaming lists: the same, and the end mark is what makes them whole', async t => {
  const w = watching(t, { api: filled(), initial: 'stream' })
  await w.pass(0)
  t.equal(w.isStarted(), true)
  isTrue(t, w, 'after the start')
  t.equal(w.api.lists('services'), 0)
  t.match(w.api.asked[0]?.query, {
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true'
  })
  w.api.delete(service('web-0'))
  w.api.put(service('after'))
  await w.pass(0)
  isTrue(t, w, 'the same watch goes on')
  w.api.compact()
  w.api.put(slice('other', 'x'))
  w.api.delete(service('web-1'))
  w.api.compact()
  w.api.cutWatches()
  await w.pass(5000)
  isTrue(t, w, 'after 410')
})

t.test('a streaming list that is cut before its end mark starts over', async t => {
  const api = filled()
  let cut = true
  const pipe = new Pipe()
  api.intercept = ({ resource }) => {
    if (resource !== 'services' || !cut) return undefined
    cut = false
    pipe.write(
      `${JSON.stringify({ type: 'ADDED', object: { ...service('web-2'), metadata: { ...service('web-2').metadata, resourceVersion: '15' } } })}\n`
    )
    pipe.fail(reset())
    return { status: 200, headers: { 'content-type': 'application/json' }, body: pipe }
  }
  const w = watching(t, { api, initial: 'stream' })
  await w.pass(5000)
  const asked = w.api.asked.filter(({ resource }) => resource === 'services')
  t.equal(asked[1]?.query['sendInitialEvents'], 'true')
  t.equal(asked[1]?.query['resourceVersion'], undefined, 'no version of an initial event is gone on from')
  isTrue(t, w, 'after it')
})

t.test('a server without streaming lists is asked for pages from then on', async t => {
  const api = filled()
  api.isStreaming = false
  const w = watching(t, { api, initial: 'stream' })
  await w.pass(3000)
  isTrue(t, w, 'after the start')
  const refusals = w.api.asked.filter(({ query }) => query['sendInitialEvents'] === 'true').length
  w.api.put(slice('other', 'x'))
  w.api.compact()
  w.api.put(service('more'))
  w.api.compact()
  w.api.cutWatches()
  await w.pass(5000)
  isTrue(t, w, 'after 410')
  t.equal(w.api.asked.filter(({ query }) => query['sendInitialEvents'] === 'true').length, refusals)
})

t.test('pages whose version is always forgotten: read as a stream, or in one answer', async t => {
  for (const isStreaming of [true, false]) {
    const api = new ModelApi()
    api.isStreaming = isStreaming
    for (let at = 0; at < 1200; at++) api.put(service(`s-${at}`))
    api.intercept = ({ query }) =>
      query['continue'] === undefined
        ? undefined
        : status(410, 'Expired', 'The provided continue parameter is too old')
    const w = watching(t, { api })
    await w.pass(20_000)
    t.equal(w.state.names('Service').length, 1200, isStreaming ? 'as a stream' : 'in one answer')
    t.equal(w.isStarted(), true)
  }
})

t.test('odd events change nothing and are counted', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const before = w.state.names('Service')
  const { puts } = w.state
  const event = (type: unknown, object: unknown) =>
    w.api.inject('services', `${JSON.stringify({ type, object })}\n`)
  const raw = (name: string, version: string) => ({
    ...service(name),
    metadata: { ...service(name).metadata, resourceVersion: version }
  })
  event('ADDED', raw('web-0', '12')) // what we hold, or older
  event('MODIFIED', raw('web-0', '2'))
  event('DELETED', raw('web-0', '2'))
  event('DELETED', raw('never-there', '99'))
  event('SOMETHING', raw('x', '99'))
  event('ADDED', { kind: 'Pod', metadata: { name: 'x', namespace: 'default', resourceVersion: '99' } })
  event('ADDED', { kind: 'Service', metadata: { name: 'x', namespace: 'default' } })
  event('ADDED', { kind: 'Service', metadata: { namespace: 'default', resourceVersion: '99' } })
  event('ADDED', { kind: 'Service', metadata: { name: 'x', resourceVersion: '99' } })
  event('ADDED', null)
  event('ADDED', 'text')
  event('BOOKMARK', { kind: 'Service', metadata: {} })
  event(7, [])
  w.api.inject('services', '[]\n\n  \nnull\n')
  await w.pass(0)
  t.same(w.state.names('Service'), before)
  t.equal(w.state.puts, puts)
  t.equal(w.counts.of('ignored services old'), 4)
  t.equal(w.counts.of('ignored services odd'), 11)
  event('MODIFIED', { ...raw('web-1', '1000'), spec: { clusterIP: 'nonsense', unknown: [1] } })
  event('MODIFIED', { ...raw('web-2', '1001'), unknown: { deep: [[[]]] } })
  await w.pass(0)
  t.equal(w.counts.of('ignored services invalid'), 1, 'stays as it was')
  t.match(w.state.objects.get('Service/default/web-1'), { clusterIPs: ['10.96.0.2'] })
  t.match(w.state.objects.get('Service/default/web-2'), { clusterIPs: ['10.96.0.10'] })
  t.match(
    w.log.lines.at(-1),
    /services: default\/web-1 stays as it was: spec\.clusterIP "nonsense" is not an IP address/
  )
  t.equal(w.api.watches, 3, 'nothing of that ends a watch')
})

t.test('an event that comes after the deletion of its object brings nothing back', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const late = {
    ...service('web-0'),
    metadata: { ...service('web-0').metadata, resourceVersion: String(w.api.version + 1) }
  }
  w.api.put(slice('between', 'web-0'))
  w.api.delete(service('web-0'))
  await w.pass(0)
  w.api.inject('services', `${JSON.stringify({ type: 'MODIFIED', object: late })}\n`)
  await w.pass(0)
  isTrue(t, w, 'after it')
})

t.test('a line that is no JSON: the watch goes on from the version before; for ever: listed', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  w.api.inject('services', '{"type":"ADDED","object":{"kind"]}\n')
  w.api.put(service('next'))
  await w.pass(5000)
  isTrue(t, w, 'after one')
  t.equal(w.counts.of('failed services not-json'), 1)
  let left = 3
  w.api.intercept = ({ resource, query }) =>
    resource === 'services' && query['watch'] === '1' && left-- > 0
      ? { status: 200, headers: { 'content-type': 'application/json' }, body: '}{\n' }
      : undefined
  w.api.cutWatches()
  await w.pass(10_000)
  isTrue(t, w, 'after many')
  t.equal(w.counts.of('relisted services watch-failed'), 1)
})

t.test('an object of 1 MB is taken, and one that is larger than any is not read to its end', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const big = slice('big', 'web-0')
  const endpoints = Array.from({ length: 12_000 }, (_, at) => ({
    addresses: [`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`],
    conditions: { ready: true },
    targetRef: { kind: 'Pod', name: `pod-${at}`, namespace: 'default' }
  }))
  w.api.put({ ...big, endpoints })
  await w.pass(0)
  t.equal(
    (w.state.objects.get('EndpointSlice/default/big') as unknown as { endpoints: [] }).endpoints.length,
    12_000
  )
  w.api.inject('services', 'x'.repeat(9 << 20))
  await w.pass(0)
  t.equal(w.counts.of('failed services too-large'), 1)
  await w.pass(5000)
  isTrue(t, w, 'after it')
})

t.test('a sink that throws harms no other', async t => {
  const w = watching(t, { api: filled() })
  w.source.subscribe({
    put: () => {
      throw new Error('a mistake')
    },
    remove: () => {
      throw new Error('a mistake')
    },
    synced: () => {
      throw new Error('a mistake')
    }
  })
  await w.pass(1000)
  isTrue(t, w, 'after the start')
  w.api.delete(service('web-0'))
  await w.pass(0)
  isTrue(t, w, 'after a change')
  t.ok(w.counts.of('ignored services sink') >= 4)
})

t.test('who comes late is told everything, and the others nothing twice', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  const { puts } = w.state
  const late = new HeldState()
  const stop = w.source.subscribe(late)
  await w.pass(3000)
  t.same(late.names('Service'), w.api.names('services'))
  t.equal(late.syncedTimes, 1)
  t.equal(w.state.puts, puts)
  t.equal(w.state.syncedTimes, 1)
  stop()
  w.api.put(service('after'))
  await w.pass(0)
  t.equal(late.names('Service').includes('default/after'), false)
})

t.test('bookmarks move the version on without data', async t => {
  const w = watching(t, { api: filled() })
  await w.pass(2000)
  w.api.put(slice('elsewhere', 'x'))
  w.api.bookmark()
  await w.pass(0)
  w.api.compact()
  w.api.cutWatches()
  await w.pass(3000)
  t.equal(w.counts.of('relisted services gone'), 0, 'the quiet resource is not listed again')
  isTrue(t, w, 'after it')
})

t.test('programming latency: of slices in events, by the kind of their Service', async t => {
  const api = filled()
  api.put({ ...service('headless'), spec: { clusterIP: 'None', clusterIPs: ['None'] } })
  const w = watching(t, { api })
  await w.pass(2000)
  t.same(w.counts.latencies, [], 'none of the first list')
  const at = (agoMs: number) => new Date(w.clock.wallMs() - agoMs).toISOString()
  w.api.put(slice('a', 'web-0', '10.1.1.1', at(1500)))
  w.api.put(slice('b', 'headless', '10.1.1.2', at(250)))
  w.api.put(slice('c', 'nobody', '10.1.1.3', at(250)))
  w.api.put(slice('d', 'web-0', '10.1.1.4', at(-5000)))
  w.api.put(slice('e', 'web-0', '10.1.1.5', 'yesterday'))
  await w.pass(0)
  t.same(w.counts.latencies, ['cluster_ip 1.5', 'headless_with_selector 0.25', 'cluster_ip 0'])
})

t.test('selectors go to the server, and leaving the selection is leaving the state', async t => {
  const { LabelSelector } = await import('../../../src/cluster/selector.ts')
  const { PLAIN_INDEX } = await import('../../../src/cluster/index/cluster-index.ts')
  const api = filled()
  const w = watching(t, {
    api,
    needs: {
      ...PLAIN_INDEX,
      labels: LabelSelector.parse('a=b'),
      namespaceLabels: LabelSelector.parse('c'),
      endpoints: false,
      pods: true,
      multicluster: true
    }
  })
  await w.pass(0)
  const selectors = new Map(w.api.asked.map(({ resource, query }) => [resource, query['labelSelector']]))
  t.same(Object.fromEntries(selectors), {
    namespaces: 'c',
    services: 'a=b',
    pods: 'a=b',
    serviceimports: 'c'
  })
  for (const { query } of w.api.asked) t.not(query['labelSelector'], undefined)
})

t.test('closing ends everything and settles the start', async t => {
  const api = filled()
  api.intercept = () => refused()
  const w = watching(t, { api })
  await w.pass(1000)
  await w.source.close()
  await w.pass(0)
  t.equal(w.isStarted(), true)
  const asked = w.api.asked.length
  await w.pass(60_000, 1000)
  t.equal(w.api.asked.length, asked)
  t.equal(w.clock.pending, 0, 'no timer is left')
})

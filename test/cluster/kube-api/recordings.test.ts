// Recorded streams of a real API server, replayed: what is held at the end is what the recording says is there.
import t from 'tap'
import type { GetRequest, GetResponse, HttpGets } from '../../../src/runtime/http-gets.ts'
import { Pipe, type Reply } from './model-api.ts'
import { bodyOf, recording, recordings, replyOf, type Exchange } from './recordings.ts'
import { watching, type Watching, type WatchingOptions } from './watching.ts'

const KINDS: Readonly<Record<string, 'Service' | 'EndpointSlice' | 'Pod' | 'Namespace'>> = {
  services: 'Service',
  endpointslices: 'EndpointSlice',
  pods: 'Pod',
  namespaces: 'Namespace'
}

/** Answers one resource with replies in turn, and then never; the others are empty and quiet. */
class Player implements HttpGets {
  readonly asked: { path: string; query: Record<string, string> }[] = []
  readonly #resource: string
  readonly #replies: Reply[]

  constructor(resource: string, replies: readonly Reply[]) {
    this.#resource = resource
    this.#replies = [...replies]
  }

  /** Replies that were not asked for. */
  get left(): number {
    return this.#replies.length
  }

  get({ url, signal }: GetRequest): Promise<GetResponse> {
    const resource = url.pathname.split('/').at(-1) ?? ''
    const query = Object.fromEntries(url.searchParams)
    let reply: Reply | undefined
    if (resource === this.#resource) {
      this.asked.push({ path: url.pathname, query })
      reply = this.#replies.shift()
    } else if (query['watch'] !== '1') reply = list(resource, '1', [])
    else if (query['sendInitialEvents'] === 'true') reply = endMark(resource)
    const {
      status,
      headers = {},
      body
    }: Exclude<Reply, Error> = reply === undefined || reply instanceof Error ? quiet() : reply
    return new Promise((resolve, reject) => {
      if (reply instanceof Error) reject(reply)
      const pipe = body instanceof Pipe ? body : new Pipe()
      if (typeof body === 'string') {
        pipe.write(body)
        pipe.end()
      }
      signal.addEventListener('abort', () => pipe.fail(signal.reason as Error))
      resolve({ status, headers, body: pipe.read() })
    })
  }

  close(): void {
    // Nothing is open.
  }
}

const json = { 'content-type': 'application/json' }
const quiet = () => ({ status: 200, headers: json, body: new Pipe() })
/** A streaming list of nothing, which goes on quietly. */
function endMark(resource: string): Reply {
  const body = new Pipe()
  const metadata = { resourceVersion: '1', annotations: { 'k8s.io/initial-events-end': 'true' } }
  body.write(`${JSON.stringify({ type: 'BOOKMARK', object: { kind: KINDS[resource], metadata } })}\n`)
  return { status: 200, headers: json, body }
}

const list = (resource: string, version: string, items: readonly unknown[]) => ({
  status: 200,
  headers: json,
  body: JSON.stringify({
    kind: `${KINDS[resource] ?? ''}List`,
    metadata: { resourceVersion: version },
    items
  })
})

async function play(
  t: { teardown(task: () => unknown): unknown },
  resource: string,
  replies: readonly Reply[],
  options: WatchingOptions = {}
): Promise<Watching & { readonly player: Player }> {
  const player = new Player(resource, replies)
  const w = watching(t, {
    gets: player,
    needs: {
      labels: undefined,
      namespaceLabels: undefined,
      endpoints: true,
      pods: true,
      multicluster: false
    },
    ...options
  })
  await w.pass(3000)
  return { ...w, player }
}

const EMPTY = -1
const five = ['default/svc-1', 'default/svc-2', 'default/svc-3', 'default/svc-4', 'default/svc-5']
const listed = ['default/later', 'default/svc-1', 'default/svc-2', 'default/svc-3']

/**
 * `plays`: the places of the exchanges that answer, in turn; EMPTY is a list of nothing, or of the object that the
 * exchange `made` made, at the version that the next watch begins at. `there`: what there is at the end.
 */
const streams: readonly {
  readonly name: string
  readonly plays: readonly number[]
  readonly there: readonly string[]
  readonly resource?: string
  readonly made?: number
  readonly way?: 'stream'
  readonly counted?: string
}[] = [
  { name: 'list-empty', plays: [0], there: [] },
  {
    name: 'list-populated',
    plays: [0],
    there: ['default/headless', 'default/outside', 'default/svc-1', 'default/svc-2']
  },
  { name: 'list-populated', resource: 'endpointslices', plays: [6], there: ['default/headless-a'] },
  { name: 'list-populated', resource: 'pods', plays: [7], there: ['default/pod-1'] },
  { name: 'list-populated', resource: 'namespaces', plays: [8], there: ['default'] },
  { name: 'list-chunked', plays: [0, 2, 3], there: five },
  // Forgotten between two pages: the offer to go on is not taken, everything is asked for again.
  { name: 'gone-continue', plays: [0, 3, 5], there: five, counted: 'failed services gone' },
  { name: 'watch-events', plays: [0, 1], there: ['default/svc-1'], counted: 'event services BOOKMARK' },
  { name: 'watch-start', plays: [EMPTY, 0], there: ['default/svc-1', 'default/svc-2'] },
  { name: 'watch-start', plays: [EMPTY, 1], there: ['default/svc-1', 'default/svc-2'] },
  { name: 'watch-start', plays: [EMPTY, 2], there: ['default/svc-2'] },
  { name: 'watch-start', plays: [EMPTY, 3], there: [] },
  { name: 'watch-start', plays: [EMPTY, 4], there: ['default/svc-1', 'default/svc-2'] },
  { name: 'watch-start', plays: [EMPTY, 5], there: ['default/svc-6', 'default/svc-7'] },
  { name: 'watch-list', plays: [0], there: listed, way: 'stream' },
  { name: 'watch-list', plays: [2], there: listed, way: 'stream' },
  { name: 'watch-list', resource: 'pods', plays: [3], there: [], way: 'stream' },
  // Without its end mark it was never whole; the next one is.
  { name: 'watch-list', plays: [4, 2], there: listed, way: 'stream', counted: 'failed services closed' },
  {
    name: 'watch-list',
    plays: [6, 2],
    there: listed,
    way: 'stream',
    counted: 'failed services too-large-version'
  },
  { name: 'gone-version', plays: [EMPTY, 4, 3], there: five, counted: 'relisted services gone' },
  { name: 'gone-version', plays: [5], there: five, way: 'stream' },
  {
    name: 'restart',
    plays: [0, 1, 3, 4, 0],
    there: ['default/svc-1', 'default/svc-2'],
    counted: 'relisted services gone'
  },
  {
    name: 'restart',
    plays: [0, 5, 0],
    there: ['default/svc-1', 'default/svc-2'],
    counted: 'relisted services gone'
  },
  { name: 'watch-closed', plays: [EMPTY, 0, 1], there: [] },
  { name: 'watch-closed', plays: [EMPTY, 2, 3], there: [] },
  { name: 'watch-closed', plays: [EMPTY, 5], there: [] },
  { name: 'selector-leave', plays: [EMPTY, 1], made: 0, there: [] },
  { name: 'selector-leave', plays: [EMPTY, 2], made: 0, there: [] },
  { name: 'pod-deletion', resource: 'pods', plays: [EMPTY, 1], there: [] },
  { name: 'large-object', resource: 'endpointslices', plays: [EMPTY, 0], there: ['default/big'] },
  { name: 'token-rotation', plays: [EMPTY, 0], there: ['default/after', 'default/svc-1'] },
  { name: 'too-many-requests', plays: [EMPTY, 2], there: ['default/svc-1'] },
  { name: 'gzip-list', plays: [EMPTY, 2], there: ['default/svc-1'] },
  // Objects that are only metadata, or a table: nothing that could be served.
  { name: 'metadata-only', plays: [EMPTY, 2], there: [], counted: 'ignored services odd' },
  { name: 'metadata-only', plays: [EMPTY, 3], there: [], counted: 'ignored services odd' }
]

/** The answer at a place of a recording, and lists that no recording has. */
function replyAt({ name, plays, made, resource = 'services' }: (typeof streams)[number], at: number): Reply {
  const { exchanges } = recording(name)
  const place = plays[at] ?? EMPTY
  if (name === 'gone-continue' && place === 5) {
    const items = five.map((path, index) => ({
      metadata: { namespace: 'default', name: path.slice(8), resourceVersion: String(index + 3) }
    }))
    return list(resource, '10', items)
  }
  if (place !== EMPTY) return replyOf(exchanges[place] as Exchange)
  const next = exchanges[plays[at + 1] ?? 0]?.request.query['resourceVersion'] ?? '1'
  const object: unknown[] = made === undefined ? [] : [JSON.parse(exchanges[made]?.response?.body ?? '')]
  return list(resource, next === '0' ? '1' : next, object)
}

for (const stream of streams) {
  const { name, plays, there, resource = 'services', way, counted } = stream
  t.test(`${name} ${plays.join(' ')}: ${there.join(' ') || 'nothing'} at the end`, async t => {
    const replies = plays.map((_, at) => replyAt(stream, at))
    const w = await play(t, resource, replies, way === undefined ? {} : { initial: way })
    t.same(w.state.names(KINDS[resource] as 'Service'), there)
    t.equal(w.player.left, 0, 'every answer was asked for')
    t.equal(w.isStarted(), true)
    if (counted !== undefined) t.ok(w.counts.of(counted) > 0, counted)
    t.equal(w.counts.of(`ignored ${resource} invalid`), 0)
  })
}

t.test('every recorded watch is among these', async t => {
  const played = new Set(streams.flatMap(({ name, plays }) => plays.map(place => `${name} ${place}`)))
  for (const { name, exchanges } of recordings()) {
    exchanges.forEach(({ response }, place) => {
      if (response?.events !== undefined) t.ok(played.has(`${name} ${place}`), `${name} ${place}`)
    })
  }
})

t.test('watches resume from the version of the last event or bookmark', async t => {
  const cases = [
    { stream: { name: 'watch-events', plays: [0, 1], there: [] }, version: '6' },
    { stream: { name: 'watch-start', plays: [EMPTY, 5], there: [] }, version: '9' },
    { stream: { name: 'watch-list', plays: [0], there: [], way: 'stream' as const }, version: '6' },
    { stream: { name: 'watch-closed', plays: [EMPTY, 2], there: [] }, version: '3' }
  ]
  for (const { stream, version } of cases) {
    const replies = stream.plays.map((_, at) => replyAt(stream, at))
    const w = await play(t, 'services', replies, 'way' in stream ? { initial: stream.way } : {})
    const last = w.player.asked.at(-1)?.query
    t.match(last, { watch: '1', resourceVersion: version, allowWatchBookmarks: 'true' }, stream.name)
  }
})

t.test('a list over 128 KiB, which came compressed', async t => {
  const { response } = recording('gzip-list').exchanges[0] as Exchange
  const body = bodyOf(response as NonNullable<Exchange['response']>)
  const { items } = JSON.parse(body) as { items: { metadata: { name: string } }[] }
  const w = await play(t, 'services', [{ status: 200, headers: json, body }])
  t.ok(items.length > 100)
  t.same(w.state.names('Service'), items.map(({ metadata }) => `default/${metadata.name}`).sort())
})

/** Answers that are no list: what is wrong, and what a person reads. */
const refusals: readonly [name: string, place: number, kind: string, says: RegExp, resource?: string][] = [
  ['unauthorized', 0, 'unauthorized', /credentials \(401\)/],
  ['unauthorized', 2, 'unauthorized', /credentials \(401\)/],
  ['token-rotation', 1, 'unauthorized', /expired, revoked/],
  [
    'forbidden',
    0,
    'forbidden',
    /apiGroups \[""\], resources \[services\], verbs \[list, watch\].*system:anonymous/
  ],
  [
    'forbidden',
    5,
    'forbidden',
    /apiGroups \[discovery\.k8s\.io\], resources \[endpointslices\]/,
    'endpointslices'
  ],
  ['too-many-requests', 1, 'too-many', /\(429\).*: Too many requests, please try again later\./],
  ['reinitializing', 1, 'too-many', /storage is \(re\)initializing/],
  ['future-version', 0, 'too-large-version', /Too large resource version: 999999/],
  ['gone-version', 1, 'gone', /no longer has/],
  ['gone-continue', 3, 'gone', /continue param/],
  ['watch-list-refused', 0, 'invalid', /\(422\).*sendInitialEvents/],
  ['invalid-parameters', 0, 'invalid', /\(400\)/],
  ['invalid-parameters', 9, 'http', /answered 500 for services: resourceVersion/],
  ['invalid-parameters', 11, 'http', /no services of core\/v1 \(404\)/],
  ['invalid-parameters', 12, 'http', /\(404\)/],
  ['metadata-only', 0, 'invalid', /is a Table; expected a ServiceList/],
  ['metadata-only', 1, 'invalid', /is a PartialObjectMetadataList; expected a ServiceList/],
  ['restart', 3, 'dial', /connection refused/]
]

for (const [name, place, kind, says, resource = 'services'] of refusals) {
  t.test(`${name} ${place}: ${kind}, and there when it is over`, async t => {
    const reply = () => replyOf(recording(name).exchanges[place] as Exchange)
    // A 401 is asked again at once, with credentials that were read anew.
    const replies = [...(kind === 'unauthorized' ? [reply()] : []), reply()]
    const player = new Player(resource, [...replies, list(resource, '7', [])])
    const w = watching(t, { gets: player })
    await w.pass(0)
    t.equal(w.isStarted(), false)
    t.match(w.source.status().problems.join(), says)
    t.equal(w.counts.of(`failed ${resource} ${kind}`), 1)
    await w.pass(5000)
    t.equal(w.isStarted(), true)
    t.same(w.source.status().problems, [])
  })
}

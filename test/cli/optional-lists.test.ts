// Lists that a command can do without: whole or not at all, in bounded time, and never a rejection.
import t from 'tap'
import { readPods, readPolicies } from '../../src/cli/optional-lists.ts'
import type { ApiConnection } from '../../src/cluster/kube-api/connection.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { testRuntime } from '../support/running-app.ts'
import { refuse, WireApi } from '../support/wire-api.ts'

const api = new WireApi()
await api.open()
t.teardown(() => api.close())
const connection: ApiConnection = {
  name: 'lab',
  base: new URL(`http://127.0.0.1:${api.port}`),
  credentials: () => Promise.resolve({ headers: {}, tls: {} })
}
const never = new AbortController().signal
const pod = (name: string) => ({
  metadata: { name, namespace: 'shop', resourceVersion: '5' },
  spec: {},
  status: {}
})
const page = (kind: string, items: readonly object[], more = '', version = '9') =>
  JSON.stringify({
    ...{ kind, apiVersion: 'v1' },
    metadata: { resourceVersion: version, ...(more === '' ? {} : { continue: more }) },
    items
  })

t.test('page by page; what was forgotten between two of them is listed again, once', async t => {
  let isForgotten = true
  const pages: string[] = []
  api.respond = (request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams
    const token = query.get('continue') ?? ''
    pages.push(`${query.get('limit')} ${token}`.trim())
    if (token !== '' && isForgotten) {
      isForgotten = false
      return refuse(response, 410, 'Expired', 'too old')
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(page('PodList', [pod(token === '' ? 'a' : 'b')], token === '' ? 'more' : ''))
  }
  const { found, note } = await readPods(connection, testRuntime(), never)
  t.equal(note, undefined)
  t.same(
    found.map(({ name }) => name),
    ['a', 'b'],
    'none twice'
  )
  t.same(pages, ['500', '500 more', '500', '500 more'])
  isForgotten = true
  api.respond = (request, response) => {
    if (!(request.url ?? '').includes('continue')) {
      response.writeHead(200, { 'content-type': 'application/json' })
      return response.end(page('PodList', [pod('a')], 'more'))
    }
    return refuse(response, 410, 'Expired', 'too old')
  }
  const lost = await readPods(connection, testRuntime(), never)
  t.same(lost.found, [], 'half a list is none')
  t.match(lost.note, /^Pods could not be read \(.*\): nothing is said about them$/)
})

t.test('a server that says nothing, or something else', async t => {
  const clock = new FakeClock()
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>(resolve => (isAsked = resolve))
  api.respond = () => {
    isAsked()
  }
  const waiting = readPolicies(connection, testRuntime({ clock }), never)
  await asked
  clock.advance(10_000)
  const silent = await waiting
  t.same(silent, {
    found: [],
    note: 'NetworkPolicies could not be read (they took longer than 10 s): nothing is said about them'
  })
  for (const [body, why] of [
    ['{"kind":"PodList","items":[', /in the middle/],
    [page('PodList', []), /is a PodList; expected a NetworkPolicyList/],
    ['<html>', /no JSON/]
  ] as const) {
    api.respond = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(body)
    }
    const { found, note } = await readPolicies(connection, testRuntime(), never)
    t.same(found, [])
    t.match(note, why)
  }
})

t.test('nobody waits for it any more: it ends at once', async t => {
  const end = new AbortController()
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>(resolve => (isAsked = resolve))
  api.respond = () => {
    isAsked()
  }
  const waiting = readPods(connection, testRuntime(), end.signal)
  await asked
  end.abort(new Error('enough'))
  t.same((await waiting).found, [])
})

import t from 'tap'
import { HttpEndpoints, type EndpointAddress } from '../../src/plugins/http-endpoints.ts'
import { FakeHttp, inUse } from '../support/fake-http.ts'

const at = (text: string): EndpointAddress => {
  const colon = text.lastIndexOf(':')
  return { text, host: text.slice(0, colon), port: text.slice(colon + 1) }
}
const ok = (body: string) => () => ({ status: 200, body })

t.test('paths of the same address share a listener, and it closes behind the last', async t => {
  const http = new FakeHttp()
  const endpoints = new HttpEndpoints(http, undefined)
  const health = await endpoints.open('health', at(':8080'), '/health', ok('health'))
  const ready = await endpoints.open('ready', at(':8080'), '/ready', ok('ready'))
  const other = await endpoints.open('health', at('127.0.0.1:8080'), '/health', ok('other'))
  t.same([...http.listeners.keys()], [':8080', '127.0.0.1:8080'])
  t.equal(await http.ask(':8080', '/health'), '200 health')
  t.equal(await http.ask(':8080', '/ready'), '200 ready')
  t.equal(await http.ask(':8080', '/health/'), '404 404 page not found\n')
  t.equal(await http.ask('127.0.0.1:8080', '/ready'), '404 404 page not found\n')
  await ready.close()
  await ready.close()
  t.equal(await http.ask(':8080', '/ready'), '404 404 page not found\n')
  await health.close()
  t.equal(await http.ask(':8080', '/health'), 'refused')
  t.equal(await http.ask('127.0.0.1:8080', '/health'), '200 other')
  await other.close()
  t.equal(http.listeners.size, 0)
})

t.test('two blocks with one address are one, until both are gone', async t => {
  const http = new FakeHttp()
  const endpoints = new HttpEndpoints(http, undefined)
  const [one, two] = await Promise.all([
    endpoints.open('metrics', at(':9153'), '/metrics', ok('one')),
    endpoints.open('metrics', at(':9153'), '/metrics', ok('two'))
  ])
  await one.close()
  t.equal(await http.ask(':9153', '/metrics'), '200 two', 'who comes later takes over')
  await two.close()
  t.equal(await http.ask(':9153', '/metrics'), 'refused')
})

t.test('says where each is open', async t => {
  const endpoints = new HttpEndpoints(new FakeHttp(), undefined)
  await endpoints.open('health', at(':0'), '/health', ok(''))
  const ready = await endpoints.open('ready', at('127.0.0.1:'), '/ready', ok(''))
  const ports = (name: 'health' | 'ready' | 'metrics') => endpoints.where(name).map(each => each.port)
  t.same([ports('health'), ports('ready'), ports('metrics')], [[30_000], [30_001], []])
  await ready.close()
  t.same(ports('ready'), [])
})

t.test('--http-base moves them to ports in a row, and 0 to free ones', async t => {
  const moved = new FakeHttp()
  const endpoints = new HttpEndpoints(moved, 18_080)
  await endpoints.open('metrics', at('127.0.0.1:9153'), '/metrics', ok(''))
  await endpoints.open('health', at(':8080'), '/health', ok(''))
  await endpoints.open('ready', at(':99999'), '/ready', ok(''))
  t.same([...moved.listeners.keys()], ['127.0.0.1:18082', ':18080', ':18081'])

  const free = new FakeHttp()
  const anywhere = new HttpEndpoints(free, 0)
  await anywhere.open('health', at(':8080'), '/health', ok(''))
  await anywhere.open('health', at(':8081'), '/health', ok(''))
  t.same([...free.listeners.keys()], [':30000', ':30001'])
})

t.test('what keeps it from listening, in the words people know', async t => {
  const http = new FakeHttp()
  const failures: readonly (readonly [string, NodeJS.ErrnoException | undefined, string])[] = [
    [':1', inUse(':1'), 'listen tcp :1: bind: address already in use'],
    [
      '[::1]:2',
      Object.assign(new Error(), { code: 'EADDRNOTAVAIL' }),
      'listen tcp [::1]:2: bind: cannot assign requested address'
    ],
    [':80', Object.assign(new Error(), { code: 'EACCES' }), 'listen tcp :80: bind: permission denied'],
    ['x:3', new Error('getaddrinfo ENOTFOUND x'), 'listen tcp x:3: getaddrinfo ENOTFOUND x'],
    [':99999', undefined, 'listen tcp: address 99999: invalid port'],
    [':http', undefined, 'listen tcp: lookup tcp/http: unknown port']
  ]
  for (const [text, failure, message] of failures) {
    if (failure !== undefined) http.failures.set(text, failure)
    const endpoints = new HttpEndpoints(http, undefined)
    await t.rejects(endpoints.open('health', at(text), '/health', ok('')), { message })
    t.same(endpoints.where('health'), [])
  }
})

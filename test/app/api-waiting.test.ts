// A stop, and a reload, while the start waits for the state of the cluster, over real sockets: nothing goes on behind them.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import {
  corefileOf,
  GOOD,
  kubeconfig,
  placeFor,
  start,
  type ApiServed,
  type Place
} from '../support/api-place.ts'
import { WireApi } from '../support/wire-api.ts'

const WEB = 'web.default.svc.cluster.local'
const WAITING = /waiting for Kubernetes API before starting server$/

/** A server whose start waits: the API server takes its requests and says nothing. */
async function waiting(t: Test): Promise<{ readonly place: Place; readonly server: ApiServed }> {
  const place = await placeFor(t)
  place.api.respond = () => undefined
  const server = await start(t, `kubeconfig ${place.folder}/config\n    startup_timeout 1h`)
  await server.until(async () => (await place.api.connections()) === 3, 'it asks for three resources', 1)
  return { place, server }
}

/** In real time: what is closed is so a moment later. */
async function settles(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let n = 0; n < 3000; n++) {
    if (await isSo()) return true
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return false
}

/** Whether the port is free: nobody listens there any more. */
async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port, '127.0.0.1')
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

t.test('a stop ends the wait: what was asked is answered, and nothing is left', async t => {
  const { place, server } = await waiting(t)
  const { running, clock, lines, log } = server
  const held = server.ask(WEB)
  t.equal((await server.ask('outside.example')).rcode, 'NOERROR')
  let isArrived = false
  const arrival = running.app.clusterArrival().then(() => (isArrived = true))
  clock.advance(600)
  t.match(log(), [WAITING])
  t.notOk(isArrived)
  const before = log().length
  // No time passes: whatever waits for a timer would not end.
  await running.stop()
  await arrival
  t.equal((await held).rcode, 'SERVFAIL', 'nobody is left without an answer')
  t.ok(await settles(async () => (await place.api.connections()) === 0), 'no watch is left')
  clock.advance(4_000_000)
  t.same(log().slice(before), [], 'nothing is said any more')
  t.equal(clock.pending, 0, 'no timer is left')
  t.same(lines(), [])
  t.ok(await isFree(running.port), 'no socket is left')
})

t.test('a stop ends the wait of a reload too', async t => {
  const { place, server } = await waiting(t)
  const { running, clock } = server
  const other = new WireApi()
  other.respond = () => undefined
  await other.open(GOOD)
  t.teardown(() => other.close())
  place.write('other', kubeconfig(`127.0.0.1:${other.port}`))
  const reloading = running.reload(corefileOf(`kubeconfig ${place.folder}/other\n    startup_timeout 2h`))
  const refused = t.rejects(reloading, { message: 'the server is stopping' })
  t.ok(await settles(async () => (await other.connections()) === 3), 'the next configuration asks its own')
  await running.stop()
  await refused
  t.ok(await settles(async () => (await other.connections()) + (await place.api.connections()) === 0))
  t.equal(clock.pending, 0)
})

t.test('a reload during the wait: the new configuration answers, no other zone loses a question', async t => {
  const { place, server } = await waiting(t)
  const { running, clock, ask, log, until } = server
  const held = ask(WEB)
  const other = new WireApi()
  await other.open(GOOD)
  t.teardown(() => other.close())
  other.add('late', '10.96.0.8')
  place.write('other', kubeconfig(`127.0.0.1:${other.port}`))
  const outside: Promise<string>[] = []
  let isReloaded = false
  const reloading = running
    .reload(corefileOf(`kubeconfig ${place.folder}/other\n    ttl 7`))
    .then(() => (isReloaded = true))
  await until(
    () => {
      outside.push(ask(`n${outside.length}.outside.example`).then(({ rcode }) => rcode))
      return isReloaded
    },
    'the new configuration is in service',
    1
  )
  await reloading
  t.equal((await held).rcode, 'SERVFAIL', 'what waited for the old one is told so')
  for (let n = 0; n < 10; n++) outside.push(ask(`m${n}.outside.example`).then(({ rcode }) => rcode))
  t.same([...new Set(await Promise.all(outside))], ['NOERROR'])
  t.same((await ask('late.default.svc.cluster.local')).answer, [
    'late.default.svc.cluster.local 7 A 10.96.0.8'
  ])
  t.ok(await settles(async () => (await place.api.connections()) === 0), 'nobody watches the old server')
  t.equal(await server.ready(), '200 OK')
  const before = log().length
  clock.advance(10_000)
  t.same(log().slice(before), [], 'the wait of the start is over too')
})

t.test('a reload during the wait to the same API server waits on', async t => {
  const { place, server } = await waiting(t)
  const { running, ask, until } = server
  const held = ask(WEB)
  let isReloaded = false
  const reloading = running
    .reload(corefileOf(`kubeconfig ${place.folder}/config\n    startup_timeout 1h\n    ttl 9`))
    .then(() => (isReloaded = true))
  const outside: Promise<string>[] = []
  for (let n = 0; n < 20; n++) {
    outside.push(ask(`n${n}.outside.example`).then(({ rcode }) => rcode))
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  t.notOk(isReloaded)
  t.same([...new Set(await Promise.all(outside))], ['NOERROR'])
  place.api.respond = (request, response) => place.api.well(request, response)
  place.api.dropConnections()
  await until(() => isReloaded, 'the state is there')
  await reloading
  t.same((await held).answer, [`${WEB} 5 A 10.96.0.7`], 'by the configuration that it was asked of')
  t.same((await ask(WEB)).answer, [`${WEB} 9 A 10.96.0.7`])
  t.same(place.api.watched, ['endpointslices', 'namespaces', 'services'], 'one watch for each')
})

import t from 'tap'
import { HEALTH_DURATION, HEALTH_FAILURES } from '../../../src/metrics/families.ts'
import { metricsOf } from '../../../src/metrics/metrics.ts'
import { healthPlugin } from '../../../src/plugins/health/setup.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'

async function started(directive: string) {
  const runtime = testRuntime()
  const shared = testShared(runtime)
  const [block] = setupBlocks(`.:53 {\n${directive}\n}`, [healthPlugin], shared)
  await block!.start()
  const metrics = metricsOf(shared)
  const counts = () => ({
    checks: metrics
      .histogram(HEALTH_DURATION)
      .with()
      .counts.reduce((total, count) => total + count),
    failures: metrics.counter(HEALTH_FAILURES).with().value
  })
  return { runtime, block: block!, counts }
}

const settled = () => new Promise(setImmediate)

t.test('answers while the process is there, whatever the method', async t => {
  const { runtime, block } = await started('health')
  const { http } = runtime
  t.same(block.plugins, [], 'no query passes through it')
  t.equal(await http.ask(':8080', '/health'), '200 OK')
  t.equal(await http.ask(':8080', '/health', 'POST'), '200 OK')
  for (const path of ['/', '/healthz', '/health/'])
    t.equal(await http.ask(':8080', path), '404 404 page not found\n')
  await block.stop()
  t.equal(await http.ask(':8080', '/health'), 'refused')
})

t.test('lameduck goes on for its time, and nothing is checked behind it', async t => {
  const { runtime, block } = await started('health 127.0.0.1:8080 {\n lameduck 1500ms\n }')
  const { clock, http, log } = runtime
  let stopped = false
  const stopping = block.stop().then(() => (stopped = true))
  await settled()
  t.same(log.lines, ['[INFO] plugin/health: Going into lameduck mode for 1.5s'])
  clock.advance(1499)
  await settled()
  t.equal(stopped, false)
  t.equal(await http.ask('127.0.0.1:8080', '/health'), '200 OK')
  clock.advance(1)
  await stopping
  t.equal(await http.ask('127.0.0.1:8080', '/health'), 'refused')
  const checks = http.gets.length
  clock.advance(10_000)
  t.equal(http.gets.length, checks)
})

t.test('asks itself each second', async t => {
  const { runtime, counts } = await started('health 127.0.0.1:8080')
  const { clock, http, log } = runtime
  for (let second = 0; second < 3; second++) {
    clock.advance(1000)
    await settled()
  }
  t.same(http.gets, Array(3).fill('http://127.0.0.1:8080/health'))
  t.same(counts(), { checks: 3, failures: 0 })
  t.same(log.lines, [])
})

t.test('asks localhost when it listens everywhere, at the port it really has', async t => {
  const { runtime } = await started('health :0')
  runtime.clock.advance(1000)
  t.same(runtime.http.gets, ['http://localhost:30000/health'])
})

t.test('a slow check is worth a line and a failed one too, and one at a time is enough', async t => {
  const { runtime, counts } = await started('health 127.0.0.1:8080')
  const { clock, http, log } = runtime
  const ends: { readonly resolve: (status: number) => void; readonly reject: (error: Error) => void }[] = []
  http.getStatus = () => new Promise((resolve, reject) => void ends.push({ resolve, reject }))
  clock.advance(3500)
  t.equal(ends.length, 1)
  ends[0]!.resolve(200)
  await settled()
  clock.advance(500)
  t.equal(ends.length, 2)
  ends[1]!.reject(new Error('connect ECONNREFUSED 127.0.0.1:8080'))
  await settled()
  t.same(log.lines, [
    '[WARNING] plugin/health: Local health request to "http://127.0.0.1:8080/health" took more than 1s: 2.5s',
    '[WARNING] plugin/health: Local health request to "http://127.0.0.1:8080/health" failed: connect ECONNREFUSED 127.0.0.1:8080'
  ])
  t.same(counts(), { checks: 2, failures: 1 })
})

t.test('an address that cannot be had ends the start', async t => {
  const runtime = testRuntime()
  runtime.http.failures.set(':8080', Object.assign(new Error(), { code: 'EADDRINUSE' }))
  const [block] = setupBlocks('.:53 {\n health\n}', [healthPlugin], testShared(runtime))
  await t.rejects(block!.start(), { message: 'listen tcp :8080: bind: address already in use' })
  await block!.stop()
})

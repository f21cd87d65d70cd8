// When to ask again: what every client of an API server owes it, and what a fault may cost after it is over.
import t from 'tap'
import { Backoff } from '../../../src/cluster/kube-api/backoff.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The longest and the shortest wait that chance allows. */
function both(): { clock: FakeClock; longest: Backoff; shortest: Backoff } {
  const clock = new FakeClock()
  return {
    clock,
    longest: new Backoff(clock, { integer: limit => limit - 1 }),
    shortest: new Backoff(clock, { integer: () => 0 })
  }
}

t.test('the first wait is below a second, and a young outage is left within 2 s of its end', async t => {
  const { clock, longest, shortest } = both()
  t.ok(longest.failed() <= 800)
  t.ok(shortest.failed() >= 400)
  for (let seconds = 0; seconds < 58; seconds += 2) {
    clock.advance(2000)
    t.ok(longest.failed() <= 2000)
    t.ok(shortest.failed() >= 400)
  }
})

t.test('an old outage is asked every 15 to 30 s', async t => {
  const { clock, longest, shortest } = both()
  for (let at = 0; at < 10; at++) {
    longest.failed()
    shortest.failed()
  }
  clock.advance(61_000)
  for (let at = 0; at < 5; at++) {
    const most = longest.failed()
    t.ok(most <= 30_000 && most > 29_000, String(most))
    t.equal(shortest.failed(), 15_000)
  }
})

t.test('begins anew after two minutes without a failure, and not before', async t => {
  for (const { healthyMs, isAnew } of [
    { healthyMs: 119_000, isAnew: false },
    { healthyMs: 120_000, isAnew: true }
  ]) {
    const { clock, longest } = both()
    for (let at = 0; at < 5; at++) longest.failed()
    longest.succeeded()
    clock.advance(healthyMs)
    longest.succeeded()
    t.equal(longest.failed() < 801, isAnew, String(healthyMs))
  }
})

t.test('what the server asks for is the least', async t => {
  const { longest, shortest } = both()
  t.equal(shortest.failed(20_000), 20_000)
  const most = longest.failed(20_000)
  t.ok(most > 20_000 && most <= 24_000)
  t.ok(longest.failed(100) <= 2000)
})

t.test('hard work is done a tenth of the time', async t => {
  const { shortest, longest } = both()
  t.equal(shortest.failed(0, 2000), 9000)
  t.ok(longest.failed(0, 600_000) <= 30_000)
})

import t from 'tap'
import { compilePattern, type Pattern } from '../../../src/corefile/pattern.ts'
import { linkPlugins, type Handler } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Errors, type Consolidation } from '../../../src/plugins/errors/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeQuery } from '../../support/messages.ts'
import { memoryLog } from '../../support/memory-log.ts'

const TIMEOUT = 'read udp 10.0.0.1:5353->8.8.8.8:53: i/o timeout'

interface Bench {
  readonly lines: string[]
  readonly clock: FakeClock
  readonly errors: Errors
  readonly fail: (message: string, name?: string) => void
}

/** Every query fails with a message, at once. */
function bench(consolidations: readonly Consolidation[] = []): Bench {
  const log = memoryLog()
  const clock = new FakeClock()
  const errors = new Errors(consolidations, log.plugin('errors'), clock)
  const fail = (message: string, name = 'example.org') => {
    const last: Handler = {
      answer: query =>
        Object.assign(emptyAnswer(query, 2), { error: message === '' ? undefined : new Error(message) })
    }
    const answer = linkPlugins([errors], last).answer(makeQuery(name, 'A'))
    t.notOk(answer instanceof Promise)
  }
  return { lines: log.lines, clock, errors, fail }
}

const gather = (text: string, fields: Partial<Consolidation> = {}): Consolidation => ({
  periodMs: 1000,
  pattern: (compilePattern(text) as { readonly value: Pattern }).value,
  text,
  level: 'error',
  showFirst: false,
  ...fields
})

t.test('logs the reason of a failure, with the name in lower case and escaped', async t => {
  const { lines, fail } = bench()
  fail(TIMEOUT)
  fail(TIMEOUT, 'Ex\\032a\\"mple\\010.ORG')
  fail('')
  t.same(lines, [
    `[ERROR] plugin/errors: 2 example.org. A: ${TIMEOUT}`,
    `[ERROR] plugin/errors: 2 ex\\ a\\"mple\\010.org. A: ${TIMEOUT}`
  ])
})

t.test('logs the reason of a failure that comes later, and passes the answer on', async t => {
  const log = memoryLog()
  const errors = new Errors([], log.plugin('errors'), new FakeClock())
  const query = makeQuery('example.org', 'TYPE65280')
  const failed = Object.assign(emptyAnswer(query, 5), {
    error: new Error('concurrent queries exceeded maximum 1000')
  })
  const answer = linkPlugins([errors], { answer: () => Promise.resolve(failed) }).answer(query)
  t.equal(await answer, failed)
  t.same(log.lines, [
    '[ERROR] plugin/errors: 5 example.org. TYPE65280: concurrent queries exceeded maximum 1000'
  ])
})

t.test('lets what is thrown through', async t => {
  const errors = new Errors([], memoryLog(), new FakeClock())
  const query = makeQuery('example.org', 'A')
  const thrown = new Error('a mistake of ours')
  const rejecting = linkPlugins([errors], { answer: () => Promise.reject(thrown) })
  await t.rejects(Promise.resolve(rejecting.answer(query)), thrown)
  const throwing = linkPlugins([errors], {
    answer: () => {
      throw thrown
    }
  })
  t.throws(() => throwing.answer(query), thrown)
})

t.test('gathers errors of a pattern for its period', async t => {
  const { lines, clock, fail } = bench([gather('i/o timeout$', { periodMs: 300_000, level: 'warning' })])
  for (let count = 0; count < 3; count++) fail(TIMEOUT)
  fail('something else')
  clock.advance(299_999)
  t.same(lines, ['[ERROR] plugin/errors: 2 example.org. A: something else'])
  clock.advance(1)
  t.equal(lines[1], "[WARNING] plugin/errors: 3 errors like 'i/o timeout$' occurred in last 5m0s")
  clock.advance(600_000)
  t.equal(lines.length, 2, 'and nothing when nothing came')
  fail(TIMEOUT)
  clock.advance(300_000)
  t.equal(lines[2], "[WARNING] plugin/errors: 1 errors like 'i/o timeout$' occurred in last 5m0s")
})

t.test('show_first logs the first at once and sums up only more than one', async t => {
  // As recorded from CoreDNS 1.14.7 (logging.json, errors-consolidate-level).
  const { lines, clock, fail } = bench([gather('^read udp', { level: 'warning', showFirst: true })])
  fail(TIMEOUT, 'd.org')
  fail(TIMEOUT, 'd.org')
  t.same(lines, [`[WARNING] plugin/errors: 2 d.org. A: ${TIMEOUT}`])
  clock.advance(1500)
  t.equal(lines[1], "[WARNING] plugin/errors: 2 errors like '^read udp' occurred in last 1s")
  fail(TIMEOUT, 'd.org')
  t.equal(lines[2], `[WARNING] plugin/errors: 2 d.org. A: ${TIMEOUT}`)
  clock.advance(1500)
  t.equal(lines.length, 3)
})

t.test('of several patterns the first that matches counts', async t => {
  const { lines, clock, fail } = bench([
    gather('timeout', { level: 'info' }),
    gather('.*', { level: 'debug' })
  ])
  fail(TIMEOUT)
  fail('anything')
  clock.advance(1000)
  t.same(lines, [
    "[INFO] plugin/errors: 1 errors like 'timeout' occurred in last 1s",
    "[DEBUG] plugin/errors: 1 errors like '.*' occurred in last 1s"
  ])
})

t.test('stopping tells what was gathered, and from then on everything at once', async t => {
  const { lines, clock, errors, fail } = bench([gather('.*')])
  fail(TIMEOUT)
  fail(TIMEOUT)
  errors.stop()
  fail(TIMEOUT)
  clock.advance(5000)
  t.same(lines, [
    "[ERROR] plugin/errors: 2 errors like '.*' occurred in last 1s",
    `[ERROR] plugin/errors: 2 example.org. A: ${TIMEOUT}`
  ])
})

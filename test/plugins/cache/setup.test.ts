import t from 'tap'
import { cachePlugin } from '../../../src/plugins/cache/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['cache', ''],
  ['cache 30', ''],
  ['cache 30 example.org', ''],
  ['cache {\n success 10000 3600 5\n denial 1000\n prefetch 10 1m 10%\n serve_stale 1h verify 2s\n }', ''],
  ['cache 30\n cache', 'this plugin can only be used once per Server Block']
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, cachePlugin), message))
}

t.test('says once that nothing is kept, however many blocks use it', async t => {
  const runtime = testRuntime()
  setupBlocks('a:53 {\n cache\n}\nb:53 {\n cache\n}', [cachePlugin], testShared(runtime))
  t.same(runtime.log.lines, [
    '[WARNING] labdns: cache is accepted and not in use yet: every query is answered afresh'
  ])
})

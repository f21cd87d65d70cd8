import t from 'tap'
import { readReload, reloadPlugin } from '../../../src/plugins/reload/setup.ts'
import type { ReloadTimes } from '../../../src/plugins/definition.ts'
import { controllerOf, setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['reload', ''],
  ['reload 2s 0s', ''],
  ['reload 30s 15s', ''],
  ['reload 10s 1s\n reload nonsense', ''],
  ['reload 1s', 'interval value must be greater or equal to 2s'],
  ['reload -5s', 'interval value must be greater or equal to 2s'],
  ['reload 30', 'time: missing unit in duration "30"'],
  ['reload 2s x', 'time: invalid duration "x"'],
  ['reload 10s 500ms', 'jitter value must be 0 or greater or equal to 1s'],
  [
    'reload 10s 1s x',
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'"
  ]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, reloadPlugin), message))
}

t.test('reads the times, and cuts the jitter to half the interval', async t => {
  t.same(readReload(controllerOf('reload')), { intervalMs: 30_000, jitterMs: 15_000 })
  t.same(readReload(controllerOf('reload 4s 10s')), { intervalMs: 4000, jitterMs: 2000 })
  t.same(readReload(controllerOf('reload 10s 0')), { intervalMs: 10_000, jitterMs: 0 })
})

t.test('has the file looked at', async t => {
  const asked: ReloadTimes[] = []
  const shared = testShared(testRuntime(), { reloadEvery: times => void asked.push(times) })
  setupBlocks('.:1053 {\n    reload 5s 1s\n}\n', [reloadPlugin], shared)
  t.same(asked, [{ intervalMs: 5000, jitterMs: 1000 }])
})

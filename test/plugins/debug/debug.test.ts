import t from 'tap'
import { runApp, testRuntime } from '../../support/running-app.ts'
import { MemorySource } from '../../support/memory-source.ts'

const cases: readonly (readonly [corefile: string, shown: boolean])[] = [
  ['.:0 {\n debug\n whoami\n}\n', true],
  ['.:0 {\n whoami\n}\nexample.org:0 {\n debug\n whoami\n}\n', true],
  ['.:0 {\n whoami\n}\n', false]
]

for (const [corefile, shown] of cases) {
  t.test(JSON.stringify(corefile), async t => {
    const told: boolean[] = []
    const showDebug = (each: boolean) => void told.push(each)
    const running = await runApp(corefile, new MemorySource(), testRuntime({ showDebug }))
    await running.stop()
    t.same(told, [shown])
  })
}

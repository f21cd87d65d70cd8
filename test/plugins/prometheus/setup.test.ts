import t from 'tap'
import { prometheusPlugin } from '../../../src/plugins/prometheus/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['prometheus', ''],
  ['prometheus :9153', ''],
  ['prometheus 127.0.0.1:9153 {\n runtime_metrics\n }', ''],
  ['prometheus :99999', ''],
  ['prometheus a b', argument(2, 'b')],
  ['prometheus nohost', 'address nohost: missing port in address'],
  ['prometheus\n prometheus', 'this plugin can only be used once per Server Block'],
  ['prometheus {\n runtime_metrics x\n }', argument(3, 'x')],
  ['prometheus {\n tls\n }', argument(3, 'tls')],
  ['prometheus {\n tls web.yaml\n }', parsing(3, 'tls is not supported by labdns yet')],
  ['prometheus {\n foo\n }', parsing(3, 'unknown option: foo')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, prometheusPlugin), message))
}

t.test('listens on localhost by default, and runs on when it cannot', async t => {
  const runtime = testRuntime()
  const text = 'a:53 {\n prometheus\n}\nb:53 {\n prometheus :99999\n}\nc:53 {\n prometheus :9154\n}'
  runtime.http.failures.set(':9154', Object.assign(new Error(), { code: 'EADDRINUSE' }))
  for (const block of setupBlocks(text, [prometheusPlugin], testShared(runtime))) await block.start()
  t.same([...runtime.http.listeners.keys()], ['localhost:9153'])
  t.same(runtime.log.lines, [
    '[ERROR] Failed to start metrics handler: listen tcp: address 99999: invalid port',
    '[ERROR] Failed to start metrics handler: listen tcp :9154: bind: address already in use'
  ])
})

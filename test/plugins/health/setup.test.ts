import t from 'tap'
import { healthPlugin } from '../../../src/plugins/health/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['health', ''],
  ['health :8080', ''],
  ['health [::1]:8080 {\n lameduck 5s\n }', ''],
  ['health {\n }', ''],
  ['health {\n lameduck 0\n }', ''],
  ['health a:1 b:2', argument(2, 'b:2')],
  ['health nohost', 'address nohost: missing port in address'],
  ['health ::1:8080', 'address ::1:8080: too many colons in address'],
  ['health {\n foo\n }', parsing(3, "unknown property 'foo'")],
  ['health {\n lameduck\n }', argument(3, 'lameduck')],
  ['health {\n lameduck 1s 2s\n }', argument(3, '2s')],
  [
    'health {\n lameduck 1\n }',
    `unable to parse lameduck duration value: '1' : time: missing unit in duration "1"`
  ],
  ['health {\n lameduck x\n }', `unable to parse lameduck duration value: 'x' : time: invalid duration "x"`]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, healthPlugin), message))
}

t.test('of several lines the last value counts', async t => {
  const runtime = testRuntime()
  const text = '.:53 {\n health :1 {\n lameduck 5s\n }\n health :2\n}'
  const [block] = setupBlocks(text, [healthPlugin], testShared(runtime))
  await block!.start()
  t.same([...runtime.http.listeners.keys()], [':2'])
})

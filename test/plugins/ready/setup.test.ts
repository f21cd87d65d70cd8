import t from 'tap'
import { readyPlugin } from '../../../src/plugins/ready/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['ready', ''],
  ['ready :8181', ''],
  ['ready :99999', ''],
  ['ready {\n monitor until-ready\n }', ''],
  ['ready 127.0.0.1:1 {\n monitor continuously\n }', ''],
  ['ready a b', argument(2, 'b')],
  ['ready nohost', 'address nohost: missing port in address'],
  ['ready\n ready', 'this plugin can only be used once per Server Block'],
  ['ready {\n monitor bad\n }', parsing(3, "monitor type 'bad' not supported")],
  ['ready {\n monitor\n }', argument(3, 'monitor')],
  ['ready {\n monitor until-ready x\n }', argument(3, 'x')],
  ['ready {\n foo\n }', parsing(3, "unknown property 'foo'")]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, readyPlugin), message))
}

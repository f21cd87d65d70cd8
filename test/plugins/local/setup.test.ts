import t from 'tap'
import { localPlugin } from '../../../src/plugins/local/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['local', ''],
  ['local {\n localhost_prefix off\n }', ''],
  ['local {\n localhost_prefix on\n }', ''],
  ['local x', argument(2, 'x')],
  ['local {\n foo\n }', parsing(3, "unknown property 'foo'")],
  ['local {\n localhost_prefix\n }', argument(3, 'localhost_prefix')],
  ['local {\n localhost_prefix maybe\n }', parsing(3, `localhost_prefix expects 'on' or 'off', got "maybe"`)]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, localPlugin), message))
}

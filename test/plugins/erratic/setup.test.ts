import t from 'tap'
import { erraticPlugin } from '../../../src/plugins/erratic/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['erratic', ''],
  ['erratic x', ''],
  ['erratic {\n drop\n truncate\n delay\n large\n }', ''],
  ['erratic {\n drop 3\n truncate 4\n delay 5 50ms\n }', ''],
  ['erratic {\n drop 1 2\n }', argument(3, '2')],
  ['erratic {\n delay 1 2s 3\n }', argument(3, '3')],
  ['erratic {\n drop x\n }', 'strconv.ParseInt: parsing "x": invalid syntax'],
  ['erratic {\n truncate 3000000000\n }', 'strconv.ParseInt: parsing "3000000000": value out of range'],
  ['erratic {\n delay -1\n }', 'illegal amount value given "-1"'],
  ['erratic {\n delay 1 x\n }', 'time: invalid duration "x"'],
  ['erratic {\n foo\n }', parsing(3, "unknown property 'foo'")]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, erraticPlugin), message))
}

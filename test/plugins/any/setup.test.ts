import t from 'tap'
import { anyPlugin } from '../../../src/plugins/any/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['any', ''],
  ['any x', argument(2, 'x')],
  ['any {\n foo\n }', parsing(2, "Unexpected token '{', expecting argument")]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, anyPlugin), message))
}

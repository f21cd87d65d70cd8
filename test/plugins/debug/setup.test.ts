import t from 'tap'
import { debugPlugin } from '../../../src/plugins/debug/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['debug', ''],
  ['debug\n debug', ''],
  ['debug x', argument(2, 'x')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, debugPlugin), message))
}

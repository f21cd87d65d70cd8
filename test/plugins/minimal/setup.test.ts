import t from 'tap'
import { minimalPlugin } from '../../../src/plugins/minimal/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['minimal', ''],
  ['minimal x', argument(2, 'x')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, minimalPlugin), message))
}

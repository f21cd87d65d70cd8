import t from 'tap'
import { cancelPlugin } from '../../../src/plugins/cancel/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['cancel', ''],
  ['cancel 1s', ''],
  ['cancel x', 'invalid duration: "x"'],
  ['cancel 5', 'invalid duration: "5"'],
  ['cancel 0', 'invalid negative duration: "0"'],
  ['cancel -1s', 'invalid negative duration: "-1s"'],
  ['cancel 1s 2s', argument(2, '2s')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, cancelPlugin), message))
}

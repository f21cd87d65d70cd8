import t from 'tap'
import { bufsizePlugin } from '../../../src/plugins/bufsize/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['bufsize', ''],
  ['bufsize 512', ''],
  ['bufsize 4096', ''],
  ['bufsize 511', `plugin/bufsize: ${argument(2, '511')}`],
  ['bufsize 4097', `plugin/bufsize: ${argument(2, '4097')}`],
  ['bufsize x', `plugin/bufsize: ${argument(2, 'x')}`],
  ['bufsize 512 512', `plugin/bufsize: ${argument(2, '512')}`]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, bufsizePlugin), message))
}

import t from 'tap'
import { chaosPlugin } from '../../../src/plugins/chaos/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['chaos', ''],
  ['chaos V1', ''],
  ['chaos V1 a b', ''],
  ['chaos V1\n chaos V2', ''],
  ['chaos {\n }', ''],
  ['chaos V1 {\n foo\n }', parsing(3, "unknown property 'foo'")]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, chaosPlugin), message))
}

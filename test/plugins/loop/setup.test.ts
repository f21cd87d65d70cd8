import t from 'tap'
import { loopPlugin } from '../../../src/plugins/loop/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['loop', ''],
  ['loop\n loop', 'this plugin can only be used once per Server Block'],
  ['loop x', "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'"]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, loopPlugin), message))
}

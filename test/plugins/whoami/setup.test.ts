import t from 'tap'
import { whoamiPlugin } from '../../../src/plugins/whoami/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['whoami', ''],
  ['whoami\n whoami', ''],
  ['whoami x', "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'x'"],
  ['whoami {\n }', "Corefile:2 - Error during parsing: Unexpected token '{', expecting argument"]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, whoamiPlugin), message))
}

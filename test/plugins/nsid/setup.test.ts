import t from 'tap'
import { nsidPlugin } from '../../../src/plugins/nsid/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['nsid', ''],
  ['nsid a b c', ''],
  ['nsid a\n nsid b', 'this plugin can only be used once per Server Block']
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, nsidPlugin), message))
}

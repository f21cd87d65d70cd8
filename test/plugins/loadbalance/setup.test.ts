import t from 'tap'
import { loadbalancePlugin } from '../../../src/plugins/loadbalance/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['loadbalance', ''],
  ['loadbalance round_robin', ''],
  ['loadbalance round_robin {\n prefer 10.0.0.0/8 2001:db8::/32\n }', ''],
  ['loadbalance weighted /etc/weights {\n reload 10s\n }', ''],
  ['loadbalance bad', 'unknown policy: bad'],
  ['loadbalance round_robin x', 'Corefile:2 - Error during parsing: unknown property for round_robin'],
  ['loadbalance weighted', 'Corefile:2 - Error during parsing: missing weight file argument'],
  ['loadbalance {\n foo\n }', "Corefile:3 - Error during parsing: unknown property 'foo'"],
  [
    'loadbalance {\n prefer 10.0.0.0\n }',
    'Corefile:3 - Error during parsing: invalid CIDR "10.0.0.0": invalid CIDR address: 10.0.0.0'
  ],
  [
    'loadbalance weighted a {\n prefer 10.0.0.0/8\n }',
    "Corefile:3 - Error during parsing: unknown property 'prefer'"
  ],
  [
    'loadbalance weighted a {\n reload\n }',
    'Corefile:3 - Error during parsing: reload duration value is missing'
  ],
  ['loadbalance weighted a {\n reload 1s 2s\n }', 'Corefile:3 - Error during parsing: unexpected argument'],
  [
    'loadbalance weighted a {\n reload x\n }',
    "Corefile:3 - Error during parsing: invalid reload duration 'x'"
  ],
  ['loadbalance weighted a b', 'Corefile:2 - Error during parsing: unexpected argument(s)']
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, loadbalancePlugin), message))
}

import t from 'tap'
import { logPlugin } from '../../../src/plugins/log/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['log', ''],
  ['log .', ''],
  ['log example.org example.net "{remote} {rcode}"', ''],
  ['log example.org {combined} {\n class denial error\n }', ''],
  ['log {\n }', ''],
  ['log {\n class all\n }\n log example.org', ''],
  ['log {\n foo\n }', "Corefile:3 - Error during parsing: unknown property 'foo'"],
  [
    'log {\n class\n }',
    "Corefile:3 - Error during parsing: Wrong argument count or unexpected line ending after 'class'"
  ],
  ['log {\n class success foo\n }', 'invalid Class: foo']
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, logPlugin), message))
}

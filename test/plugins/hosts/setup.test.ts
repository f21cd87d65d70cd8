import t from 'tap'
import { hostsPlugin } from '../../../src/plugins/hosts/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['hosts', ''],
  [
    'hosts /etc/hosts lab {\n 192.0.2.1 a.lab\n ttl 60\n no_reverse\n reload 0\n fallthrough lab\n fallthrough_unsupported\n }',
    ''
  ],
  ['hosts {\n no_reverse x\n }', ''],
  ['hosts {\n nonsense\n }', ''],
  ['hosts\n hosts', 'this plugin can only be used once per Server Block'],
  ['hosts {\n ttl\n }', parsing(3, 'ttl needs a time in second')],
  ['hosts {\n ttl x\n }', parsing(3, 'ttl needs a number of second')],
  ['hosts {\n ttl 0\n }', parsing(3, 'ttl provided is invalid')],
  ['hosts {\n ttl 65536\n }', parsing(3, 'ttl provided is invalid')],
  ['hosts {\n reload\n }', parsing(3, 'reload needs a duration (zero seconds to disable)')],
  ['hosts {\n reload 1s 2s\n }', parsing(3, 'reload needs a duration (zero seconds to disable)')],
  ['hosts {\n reload x\n }', parsing(3, "invalid duration for reload 'x'")],
  ['hosts {\n reload -1s\n }', parsing(3, "invalid negative duration for reload '-1s'")],
  ['hosts {\n fallthrough\n foo\n }', parsing(4, "unknown property 'foo'")],
  ['hosts {\n fallthrough_unsupported x\n }', argument(3, 'x')],
  ['hosts {\n fallthrough_unsupported\n }', parsing(4, 'fallthrough_unsupported requires fallthrough')]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, hostsPlugin), message))
}

import t from 'tap'
import { timeoutsPlugin } from '../../../src/plugins/timeouts/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['timeouts {\n read 1s\n write 5\n idle 24h\n maxtcpqueries 3\n }', ''],
  ['timeouts {\n maxtcpqueries -1\n }', ''],
  ['timeouts {\n read 1s\n }\n timeouts {\n read 2s\n }', ''],
  ['timeouts', `plugin/timeouts: ${parsing(2, 'timeouts block with no timeouts specified')}`],
  ['timeouts {\n }', `plugin/timeouts: ${parsing(3, 'timeouts block with no timeouts specified')}`],
  ['timeouts 5s', `plugin/timeouts: ${argument(2, '5s')}`],
  ['timeouts {\n foo 1s\n }', parsing(3, "unknown option: 'foo'")],
  ['timeouts {\n read\n }', argument(3, 'read')],
  ['timeouts {\n read 1s 2s\n }', argument(3, '2s')],
  ['timeouts {\n read x\n }', parsing(3, "failed to parse duration 'x'")],
  [
    'timeouts {\n read 999ms\n }',
    parsing(3, "timeout provided '999ms' needs to be between 1 second and 24 hours")
  ],
  [
    'timeouts {\n idle 90000\n }',
    parsing(3, "timeout provided '25h0m0s' needs to be between 1 second and 24 hours")
  ],
  [
    'timeouts {\n maxtcpqueries 0\n }',
    parsing(3, "maxtcpqueries provided '0' needs to be -1 (unlimited) or a positive integer")
  ],
  [
    'timeouts {\n maxtcpqueries x\n }',
    parsing(3, `invalid value for maxtcpqueries 'x': strconv.Atoi: parsing "x": invalid syntax`)
  ]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, timeoutsPlugin), message))
}

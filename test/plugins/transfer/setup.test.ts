import t from 'tap'
import { transferPlugin } from '../../../src/plugins/transfer/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const at = (line: number, what: string) => `Corefile:${line} - Error during parsing: ${what}`
const args = (line: number, word: string) =>
  at(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['transfer {\nto *\n}', ''],
  ['transfer example.org {\nto 192.0.2.1 192.0.2.2:53\nto 2001:db8::1 [2001:db8::2]:53 [2001:db8::3]\n}', ''],
  ['transfer {\nto *\nsource 192.0.2.1\n}', ''],
  ['transfer a {\nto *\n}\ntransfer b {\nto *\n}', ''],
  // As recorded: transfer-1 and transfer-5 of bad-input.json, the plugin's name once less.
  ['transfer', `plugin/transfer: ${at(2, "'to' is required")}`],
  ['transfer {\nto x\n}', "must specify an IP address: `x'"],
  ['transfer {\nto 192.0.2.1:x\n}', "must specify an IP address: `192.0.2.1:x'"],
  ['transfer {\nto\n}', args(3, 'to')],
  ['transfer {\nto *\nsource\n}', args(4, 'source')],
  ['transfer {\nto *\nsource a b\n}', args(4, 'b')],
  ['transfer {\nfrom *\n}', `plugin/transfer: ${at(3, 'unknown property "from"')}`],
  ['transfer {\n__proto__\n}', `plugin/transfer: ${at(3, 'unknown property "__proto__"')}`]
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, transferPlugin), message))
}

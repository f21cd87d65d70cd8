import t from 'tap'
import { headerPlugin } from '../../../src/plugins/header/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['header {\n response set aa\n }', ''],
  ['header {\n QUERY Set RD\n response clear ra rd\n }', ''],
  ['header {\n }\n header {\n query clear rd\n }', ''],
  ['header', argument(2, 'header')],
  ['header {\n }', argument(3, '}')],
  ['header {\n foo\n }', 'setting up rule: invalid selector=foo should be query or response'],
  ['header {\n response\n }', 'setting up rule: no flag action provided'],
  [
    'header {\n response set\n }',
    'setting up rule: invalid length for flags, at least one should be provided'
  ],
  ['header {\n response flip aa\n }', 'setting up rule: unknown flag action=flip, should be set or clear'],
  ['header {\n query set cd\n }', 'setting up rule: unknown/unsupported flag=cd'],
  ['header {\n query set constructor\n }', 'setting up rule: unknown/unsupported flag=constructor']
]

for (const [directive, message] of cases) {
  t.test(directive, async t => t.equal(setupMessage(directive, headerPlugin), message))
}

import t from 'tap'
import { errorsPlugin } from '../../../src/plugins/errors/setup.ts'
import { setupMessage } from '../../support/blocks.ts'

const parsing = (line: number, text: string) => `Corefile:${line} - Error during parsing: ${text}`
const argument = (line: number, word: string) =>
  parsing(line, `Wrong argument count or unexpected line ending after '${word}'`)
const consolidate = (rest: string) => `errors {\n consolidate ${rest}\n }`

const cases: readonly (readonly [directive: string, message: string])[] = [
  ['errors', ''],
  ['errors stdout', ''],
  ['errors {\n }', ''],
  ['errors {\n stacktrace\n }', ''],
  [consolidate('5m ".* timeout$"'), ''],
  [consolidate('5m ".*" warning show_first'), ''],
  [consolidate('1s (?i)REFUSED show_first'), ''],
  ['errors x', parsing(2, 'invalid log file: x')],
  ['errors stdout x', argument(2, 'x')],
  ['errors\n errors', 'this plugin can only be used once per Server Block'],
  ['errors {\n foo\n }', "Corefile:3 - Syntax error: Unexpected token 'foo', expecting 'Unknown field foo'"],
  [
    'errors {\n stacktrace x\n }',
    "Corefile:3 - Syntax error: Unexpected token 'x', expecting 'Unknown field x'"
  ],
  [consolidate(''), argument(3, 'consolidate')],
  [consolidate('5m'), argument(3, '5m')],
  [consolidate('5m a error show_first x'), argument(3, 'x')],
  [consolidate('x ".*"'), parsing(3, 'time: invalid duration "x"')],
  [consolidate('5 ".*"'), parsing(3, 'time: missing unit in duration "5"')],
  [consolidate('5s "("'), parsing(3, 'error parsing regexp: missing closing ): `(`')],
  [consolidate('5s ")"'), parsing(3, 'error parsing regexp: unexpected ): `)`')],
  [consolidate('5s "[a"'), parsing(3, 'error parsing regexp: missing closing ]: `[a`')],
  [consolidate('5s "*a"'), parsing(3, 'error parsing regexp: missing argument to repetition operator: `*`')],
  [consolidate('5s "(?=a)"'), parsing(3, 'error parsing regexp: invalid or unsupported Perl syntax: `(?=`')],
  [consolidate('5s "(a)\\1"'), parsing(3, 'error parsing regexp: invalid escape sequence: `\\1`')],
  [consolidate(`5s ${'a'.repeat(10_001)}`), parsing(3, 'regex pattern too long: 10001 > 10000')],
  [consolidate('5s a bad'), parsing(3, 'unknown option in consolidate: bad')],
  [consolidate('5s ".*" warning error'), parsing(3, 'multiple log levels specified in consolidate')],
  [consolidate('5s a show_first error'), parsing(3, 'log level must come before show_first in consolidate')]
]

for (const [directive, message] of cases) {
  t.test(directive.slice(0, 60), async t => t.equal(setupMessage(directive, errorsPlugin), message))
}

import t from 'tap'
import { compileExpression } from '../../../src/plugins/view/expression.ts'
import { ExpressionError } from '../../../src/plugins/view/expression-error.ts'
import { queryFunctions } from '../../../src/plugins/view/functions.ts'
import { makeQuery, type QueryFields } from '../../support/messages.ts'

const functions = queryFunctions((_query, label) => (label === 'kubernetes/namespace' ? 'shop' : ''))

const holds = (source: string, name = 'Www.Example.org', type = 'A', fields: QueryFields = {}): boolean =>
  compileExpression(source, functions)(makeQuery(name, type, { from: '10.1.2.3', id: 7, ...fields }))

t.test('what an expression says of a query', t => {
  const cases: readonly (readonly [expression: string, isTrue: boolean, fields?: QueryFields])[] = [
    ["name() == 'www.example.org.'", true],
    ['name() == "www.example.org."', true],
    ['name() == `www.example.org.`', true],
    ["type() == 'A'", true],
    ["type() in ['A', 'AAAA']", true],
    ["type() in ['MX']", false],
    ["type() not in ['MX']", true],
    ["not (type() in ['A'])", false],
    ["class() == 'IN'", true],
    ["client_ip() == '10.1.2.3'", true],
    ["incidr(client_ip(), '10.0.0.0/8')", true],
    ["incidr(client_ip(), '10.1.2.0/25')", true],
    ["incidr(client_ip(), '10.1.2.128/25')", false],
    ["incidr(client_ip(), '2001:db8::/32')", false],
    ["incidr(client_ip(), '2001:DB8::/32')", true, { from: '2001:db8::7' }],
    ["incidr('x', '10.0.0.0/8')", false],
    ["!incidr('x', '10.0.0.0/8')", false],
    ["port() == '40000'", true],
    ["proto() == 'udp'", true],
    ["proto() == 'tcp'", true, { transport: 'tcp' }],
    ["server_ip() == '::' && server_port() == '53'", true],
    ['size() == 33', true],
    ['bufsize() == 512', true],
    ['bufsize() == 1400', true, { edns: 1400 }],
    ['bufsize() == 65535', true, { transport: 'tcp' }],
    ['do()', false],
    ['do()', true, { dnssecOk: true }],
    ['id() == 7 and opcode() == 0', true],
    ["metadata('kubernetes/namespace') == 'shop'", true],
    ["metadata('none') == ''", true],
    ["name() matches '^www\\\\..*\\\\.org\\\\.$'", true],
    ["name() matches 'exampl[^e]'", false],
    ["not (name() matches '^a')", true],
    ["name() not matches '^a'", true],
    ["name() contains 'example'", true],
    ["name() startsWith 'www.' && name() endsWith '.org.'", true],
    ['1 + 2 * 3 == 7 && 7 - 2 - 1 == 4 && -1 < 0 && 7 % 4 == 3 && 1 / 2 == 0.5', true],
    ['1 % 0 == 0', false],
    ["'a' + 'b' == 'ab'", true],
    ['0x10 == 16 && 1_000 == 1000 && 1.5 > 1', true],
    ["'a' < 'b' && 2 >= 2 && 1 != 2 && 3 > 2 && 1 <= 1", true],
    ['true || false && false', true],
    ['(true || false) && false', false],
    ['true or 1 == 2 and false', true],
    ["type() == 'A' ? do() : true", false],
    ["type() == 'AAAA' ? do() : true", true],
    ['[1, 2] == [1, 2]', true],
    ['[1, 2] in [[1, 2], 3]', true],
    ["name() contains 'x' || type() == 'A'", true],
    ["'it\\'s' == \"it's\"", true],
    ["len(upper('ab')) == 2 && lower('AB') == 'ab'", true],
    // Not a boolean: never true.
    ['name()', false],
    ['1', false]
  ]
  for (const [expression, isTrue, fields] of cases) {
    t.equal(holds(expression, undefined, undefined, fields), isTrue, expression)
  }
  t.end()
})

t.test('mistakes, with place and mark', t => {
  const cases: readonly (readonly [expression: string, message: string])[] = [
    ['', 'unexpected token EOF'],
    ['name() ==', 'unexpected token EOF (1:9)\n | name() ==\n | ........^'],
    ['not name()', 'invalid operation: not (mismatched type string) (1:1)\n | not name()\n | ^'],
    ['name() in [1]', 'cannot use string as type int in array (1:8)\n | name() in [1]\n | .......^'],
    ["'a\\q'", "invalid char escape (1:4)\n | 'a\\q'\n | ...^"],
    ['foo()', 'unknown name foo (1:1)\n | foo()\n | ^'],
    ['do() do()', 'unexpected token Identifier("do") (1:6)\n | do() do()\n | .....^'],
    [
      'name() == 1',
      'invalid operation: == (mismatched types string and int) (1:8)\n | name() == 1\n | .......^'
    ],
    ['!name()', 'invalid operation: ! (mismatched type string) (1:1)\n | !name()\n | ^'],
    ['name(1)', 'too many arguments to call name (1:1)\n | name(1)\n | ^'],
    ["incidr('a')", "not enough arguments to call incidr (1:1)\n | incidr('a')\n | ^"],
    ["name() == 'a", "literal not terminated (1:13)\n | name() == 'a\n | ............^"],
    ['do() ~ 1', "unrecognized character: U+007E '~' (1:6)\n | do() ~ 1\n | .....^"],
    ['(do()', 'unexpected token EOF (1:5)\n | (do()\n | ....^'],
    [
      "name() matches '('",
      "error parsing regexp: missing closing ): `(` (1:8)\n | name() matches '('\n | .......^"
    ]
  ]
  for (const [expression, message] of cases) {
    t.throws(() => compileExpression(expression, functions), { message }, expression)
  }
  t.throws(() => compileExpression(`${'('.repeat(5000)}1`, functions), ExpressionError)
  t.throws(() => compileExpression(`${'!'.repeat(5000)}true`, functions), ExpressionError)
  t.throws(() => compileExpression(`[${'1,'.repeat(20_000)}]`, functions), ExpressionError)
  t.end()
})

t.test('a pattern takes linear time, whatever it is', t => {
  const isEvil = compileExpression("name() matches '^(a+)+$'", functions)
  const name = [63, 63, 63, 50].map(length => 'a'.repeat(length)).join('.')
  const start = process.hrtime.bigint()
  t.equal(isEvil(makeQuery(name, 'A')), false)
  t.ok(Number(process.hrtime.bigint() - start) < 1e9, 'well under a second')
  t.end()
})

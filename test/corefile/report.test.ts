import t from 'tap'
import { CorefileError } from '../../src/corefile/position.ts'
import { renderError, renderErrors } from '../../src/corefile/report.ts'

const at = (line: number, column: number, file = 'Corefile') => ({ file, line, column })
const error = (message: string, place?: ReturnType<typeof at>, hint?: string): CorefileError =>
  new CorefileError('SYNTAX', message, place, hint)

const cases: readonly { name: string; error: CorefileError; text?: string; rendered: readonly string[] }[] = [
  {
    name: 'the message, the place, the line, a caret below the word, the hint',
    error: error(
      "Corefile:2 - Error during parsing: Unknown directive 'kuberntes'",
      at(2, 5),
      "did you mean 'kubernetes'?"
    ),
    text: '.:53 {\n    kuberntes cluster.local\n}\n',
    rendered: [
      "Corefile:2 - Error during parsing: Unknown directive 'kuberntes'",
      '    | Corefile:2:5',
      '    |       kuberntes cluster.local',
      '    |       ^^^^^^^^^',
      "    | did you mean 'kubernetes'?"
    ]
  },
  {
    name: 'a tab and characters beyond ASCII take one column',
    error: error('m', at(1, 4)),
    text: '\té\tlog x',
    rendered: ['m', '    | Corefile:1:4', '    |    é log x', '    |      ^^^']
  },
  {
    name: 'a word in quotes',
    error: error('m', at(1, 5)),
    text: 'log "a b" c\n',
    rendered: ['m', '    | Corefile:1:5', '    |   log "a b" c', '    |       ^^^^^']
  },
  {
    name: 'a byte order mark and a carriage return',
    error: error('m', at(1, 1)),
    text: '\ufefflog\r\n',
    rendered: ['m', '    | Corefile:1:1', '    |   log', '    |   ^^^']
  },
  {
    name: 'behind the end of the line',
    error: error('m', at(1, 9)),
    text: 'log\n',
    rendered: ['m', '    | Corefile:1:9', '    |   log', '    |           ^']
  },
  {
    name: 'a line that is not there',
    error: error('m', at(7, 1), 'h'),
    text: 'log\n',
    rendered: ['m', '    | Corefile:7:1', '    | h']
  },
  {
    name: 'a file that is not there',
    error: error('m', at(1, 1, 'other'), 'h'),
    rendered: ['m', '    | other:1:1', '    | h']
  },
  { name: 'no place', error: error('m', undefined, 'h'), text: '', rendered: ['m', '    | h'] },
  { name: 'line 0', error: error('m', at(0, 0), 'h'), text: 'x', rendered: ['m', '    | h'] },
  { name: 'nothing but a message', error: error('m'), text: '', rendered: ['m'] },
  {
    name: 'a message of two lines stays as it is, a hint of two lines keeps its margin',
    error: error("Unknown directive 'a\nb'", undefined, 'x\ny'),
    rendered: ["Unknown directive 'a", "b'", '    | x', '    | y']
  },
  {
    name: 'octets that a terminal would obey',
    error: error('m', at(1, 3)),
    text: '\x1b[2Jx\u202e\u0085y\u200b',
    rendered: ['m', '    | Corefile:1:3', '    |   \ufffd[2Jx\ufffd\ufffdy\ufffd', '    |     ^^^^^^^']
  }
]

for (const { name, error, text, rendered } of cases) {
  t.test(name, t => {
    t.same(renderError(error, file => (file === 'Corefile' ? text : undefined)).split('\n'), rendered)
    t.end()
  })
}

t.test('a long line is shown in part', t => {
  const text = `${'a '.repeat(100_000)}here ${'b '.repeat(100_000)}`
  const lines = renderError(error('m', at(1, 200_001)), () => text).split('\n')
  t.equal(lines.length, 4)
  t.equal(lines[2]?.length, 128)
  const caret = lines[3]?.indexOf('^') ?? -1
  t.equal(lines[2]?.slice(caret, caret + 4), 'here')
  t.end()
})

t.test('reading that fails hides the line only', t => {
  const rendered = renderError(error('m', at(1, 1), 'h'), () => {
    throw new Error('gone')
  })
  t.equal(rendered, 'm\n    | Corefile:1:1\n    | h')
  t.end()
})

t.test('several errors: the first as it is, the others in the margin', t => {
  const text = 'a\nb\n'
  const rendered = renderErrors(
    [error('first', at(1, 1), 'do this'), error('second', at(2, 1)), error('third\nline')],
    () => text
  )
  t.same(rendered.split('\n'), [
    'first',
    '    | Corefile:1:1',
    '    |   a',
    '    |   ^',
    '    | do this',
    '    | ',
    '    | second',
    '    | Corefile:2:1',
    '    |   b',
    '    |   ^',
    '    | ',
    '    | third',
    '    | line'
  ])
  t.equal(
    renderErrors([], () => text),
    ''
  )
  t.end()
})

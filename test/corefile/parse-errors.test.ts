import t from 'tap'
import { ParseErrors, placeText, Stop } from '../../src/corefile/parse-errors.ts'
import { WordStream } from '../../src/corefile/word-stream.ts'
import { thrownBy, wordsOf } from './support.ts'

t.test('texts about the current word', t => {
  const stream = new WordStream(wordsOf('a\nb c'))
  const errors = new ParseErrors('Corefile', stream, 2)
  t.equal(errors.parsingText('m'), 'Corefile:0 - Error during parsing: m', 'before the first word')
  t.equal(errors.syntaxText('}'), "Corefile:0 - Syntax error: Unexpected token '', expecting '}'")
  stream.next()
  stream.next()
  t.equal(errors.parsingText('m'), 'Corefile:2 - Error during parsing: m')
  t.equal(errors.parsingText('m', null), 'Corefile:0 - Error during parsing: m')
  t.equal(
    errors.argumentText(),
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'b'"
  )
  t.equal(errors.syntaxText('}'), "Corefile:2 - Syntax error: Unexpected token 'b', expecting '}'")
  t.equal(placeText({ file: 'x', line: 3, column: 4 }), 'x:3:4')
  t.end()
})

t.test('stops at once, or at the most errors', t => {
  const errors = new ParseErrors('Corefile', new WordStream([]), 3)
  const [word] = wordsOf(' w')
  errors.fail('SYNTAX', 'one', word, 'hint')
  thrownBy(Stop, () => errors.stop('FILE', 'two', undefined))
  thrownBy(Stop, () => errors.fail('SYNTAX', 'three', word))
  t.match(errors.list, [
    { code: 'SYNTAX', message: 'one', at: { file: 'Corefile', line: 1, column: 2 }, hint: 'hint' },
    { code: 'FILE', message: 'two', at: undefined, hint: undefined },
    { message: 'three' }
  ])
  t.end()
})

import t from 'tap'
import { CorefileError } from '../../src/corefile/position.ts'

t.test('an error keeps the message as it is, and the place and the hint beside it', t => {
  const at = { file: 'Corefile', line: 2, column: 3 }
  const error = new CorefileError(
    'SYNTAX',
    "Corefile:2 - Error during parsing: Unknown directive 'x'",
    at,
    'do this'
  )
  t.ok(error instanceof Error)
  t.equal(String(error), "CorefileError: Corefile:2 - Error during parsing: Unknown directive 'x'")
  t.match(error, { code: 'SYNTAX', at, hint: 'do this' })
  t.match(new CorefileError('FILE', 'm'), { at: undefined, hint: undefined })
  t.end()
})

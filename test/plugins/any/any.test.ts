import t from 'tap'
import { Any } from '../../../src/plugins/any/any.ts'
import { ask } from '../../support/ask.ts'
import { makeQuery } from '../../support/messages.ts'

t.test('answers ANY with one record that says what it is', async t => {
  const response = await ask([new Any()], 'A.org', 'ANY')
  t.has(response, {
    rcode: 'NOERROR',
    flags: 'qr rd',
    answer: ['A.org 8482 HINFO cpu=ANY obsoleted os=See RFC 8482'],
    authority: [],
    additional: [],
    edns: undefined
  })
})

t.test('lets other questions pass, and answers at once', async t => {
  t.equal((await ask([new Any()], 'a.org', 'A')).rcode, 'SERVFAIL')
  t.notOk(
    new Any().answer(makeQuery('a.org', 'ANY'), { answer: () => t.fail('asked') as never }) instanceof Promise
  )
})

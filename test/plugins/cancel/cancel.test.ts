import t from 'tap'
import { derivedQuery } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Cancel } from '../../../src/plugins/cancel/cancel.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeQuery } from '../../support/messages.ts'

t.test('says when to give up, for what follows from the query too', async t => {
  const clock = new FakeClock(1000)
  const query = makeQuery('a.org', 'A')
  t.equal(query.answerBy, Infinity, 'nothing is said without it')
  const answer = emptyAnswer(query, 0)
  t.equal(new Cancel(300, clock).answer(query, { answer: () => answer }), answer)
  t.equal(query.answerBy, 1300)
  t.equal(derivedQuery(query, encodeName('b.org'), 1).answerBy, 1300)
  clock.advance(100)
  new Cancel(900, clock).answer(query, { answer: () => answer })
  t.equal(query.answerBy, 1300, 'a later moment changes nothing')
})

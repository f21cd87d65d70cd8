import t from 'tap'
import { Loop } from '../../../src/plugins/loop/loop.ts'
import { makeQuery } from '../../support/messages.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'

t.test('lets every query pass, and hands back what comes', async t => {
  const query = makeQuery('a.org', 'A')
  const answer = emptyAnswer(query, 3)
  t.equal(new Loop().answer(query, { answer: () => answer }), answer)
  const later = Promise.resolve(answer)
  t.equal(new Loop().answer(query, { answer: () => later }), later)
  t.equal(new Loop().name, 'loop')
})

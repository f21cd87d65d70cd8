import t from 'tap'
import { Loadbalance } from '../../../src/plugins/loadbalance/loadbalance.ts'
import { makeQuery } from '../../support/messages.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'

t.test('lets every query pass, and hands back what comes', async t => {
  const query = makeQuery('a.org', 'A')
  const answer = emptyAnswer(query, 3)
  t.equal(new Loadbalance().answer(query, { answer: () => answer }), answer)
  const later = Promise.resolve(answer)
  t.equal(new Loadbalance().answer(query, { answer: () => later }), later)
  t.equal(new Loadbalance().name, 'loadbalance')
})

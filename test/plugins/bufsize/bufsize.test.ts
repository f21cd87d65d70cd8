import t from 'tap'
import { Bufsize } from '../../../src/plugins/bufsize/bufsize.ts'
import type { Query } from '../../../src/dns/query.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { makeQuery, responseText, type QueryFields } from '../../support/messages.ts'

const cases: readonly (readonly [title: string, fields: QueryFields, size: number, sizeMax: number])[] = [
  ['lowers a larger size', { edns: 4096 }, 1232, 1232],
  ['leaves the same size', { edns: 1232 }, 1232, 1232],
  ['leaves a smaller size', { edns: 1000 }, 1000, 1000],
  ['leaves queries without EDNS', {}, 0, 512],
  ['lowers the size over TCP too, where it bounds nothing', { edns: 4096, transport: 'tcp' }, 1232, 0xffff]
]

for (const [title, fields, size, sizeMax] of cases) {
  t.test(title, async t => {
    const seen: Query[] = []
    const query = makeQuery('a.org', 'A', {
      ...fields,
      options: fields.edns === undefined ? [] : [[10, '0102']]
    })
    const plain = fields.edns === undefined ? makeQuery('a.org', 'A', fields) : query
    const answer = new Bufsize(1232).answer(plain, {
      answer: each => {
        seen.push(each)
        return emptyAnswer(each, 0)
      }
    })
    t.notOk(answer instanceof Promise)
    t.same([seen[0]!.ednsSize, seen[0]!.sizeMax], [size, sizeMax])
    const { edns } = responseText(plain, await answer)
    t.equal(edns?.size ?? 0, size, 'and so says the answer')
  })
}

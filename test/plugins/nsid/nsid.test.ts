import t from 'tap'
import type { Plugin } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { Nsid } from '../../../src/plugins/nsid/nsid.ts'
import { Whoami } from '../../../src/plugins/whoami/whoami.ts'
import { ask } from '../../support/ask.ts'

const nsid = new Nsid('n1')
const wanted = { edns: 1232, options: [[3, '']] } as const

t.test('tells clients that ask', async t => {
  const { edns } = await ask([nsid, new Whoami()], 'a.org', 'A', wanted)
  t.same(edns, { size: 1232, do: true, options: ['3:6e31'] })
})

t.test('tells nobody else', async t => {
  t.same((await ask([nsid, new Whoami()], 'a.org', 'A')).edns, undefined)
  t.same((await ask([nsid, new Whoami()], 'a.org', 'A', { edns: 1232 })).edns, {
    size: 1232,
    do: false,
    options: []
  })
  const cookie = [[10, '0102030405060708']] as const
  t.same((await ask([nsid, new Whoami()], 'a.org', 'A', { edns: 1232, options: cookie })).edns?.options, [
    '10:0102030405060708'
  ])
})

t.test('what the server answers by itself echoes the question', async t => {
  const { rcode, edns } = await ask([nsid], 'a.org', 'A', wanted)
  t.equal(rcode, 'SERVFAIL')
  t.same(edns, { size: 1232, do: false, options: ['3:'] })
})

t.test('takes the place of an upstream, and leaves its other options and its DO', async t => {
  const upstream: Plugin = {
    name: 'forward',
    answer: query =>
      Promise.resolve(
        Object.assign(emptyAnswer(query, 0), {
          byServer: false,
          opt: {
            size: 4096,
            dnssecOk: false,
            options: [
              { code: 3, data: Buffer.from('up') },
              { code: 15, data: Buffer.from([0, 3]) }
            ]
          }
        })
      )
  }
  const { edns } = await ask([nsid, upstream], 'a.org', 'A', wanted)
  t.same(edns, { size: 1232, do: false, options: ['15:0003', '3:6e31'] })
})

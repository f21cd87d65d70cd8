import t from 'tap'
import type { Plugin } from '../../../src/dns/plugin.ts'
import { emptyAnswer } from '../../../src/dns/response.ts'
import { headerPlugin } from '../../../src/plugins/header/setup.ts'
import { controllerOf, setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { ask } from '../../support/ask.ts'
import { Flag } from '../../../src/wire/numbers.ts'

const headerOf = (rules: string): Plugin => {
  const [block] = setupBlocks(`. {\n header {\n${rules}\n }\n}\n`, [headerPlugin], testShared(testRuntime()))
  return block!.plugins[0]!
}

/** An upstream that answers with AA and RA, and says which flags it was asked with. */
function upstream(seen: number[], later = false): Plugin {
  return {
    name: 'forward',
    answer(query) {
      seen.push(query.flags)
      const answer = emptyAnswer(query, 0)
      answer.byServer = false
      answer.flags |= Flag.AA | Flag.RA
      return later ? Promise.resolve(answer) : answer
    }
  }
}

const cases: readonly (readonly [rules: string, flags: string, asked: number])[] = [
  ['response set aa', 'qr aa rd ra', Flag.RD],
  ['response clear ra rd aa', 'qr', Flag.RD],
  ['response clear aa\n response set aa', 'qr aa rd ra', Flag.RD],
  ['response set aa\n response clear aa', 'qr rd ra', Flag.RD],
  ['query clear rd', 'qr aa ra', 0],
  ['query set ra aa', 'qr aa rd ra', Flag.RD | Flag.RA | Flag.AA]
]

for (const [rules, flags, asked] of cases) {
  for (const later of [false, true]) {
    t.test(`${rules}${later ? ' of an answer that comes later' : ''}`, async t => {
      const seen: number[] = []
      const response = await ask([headerOf(rules), upstream(seen, later)], 'a.org', 'A')
      t.equal(response.flags, flags)
      t.same(seen, [asked])
    })
  }
}

t.test("leaves the server's own answers alone", async t => {
  t.has(await ask([headerOf('response set aa ra')], 'a.org', 'A'), { rcode: 'SERVFAIL', flags: 'qr rd' })
})

t.test('only the first block with a rule counts', async t => {
  const c = controllerOf('header {\n }\n header {\n response set aa\n }\n header {\n response set ra\n }')
  const plugin = headerPlugin.setup(c, {} as never)!
  const seen: number[] = []
  const answering = upstream(seen)
  const plain: Plugin = {
    name: 'forward',
    answer: (query, next) => Object.assign(answering.answer(query, next) as object, { flags: 0 }) as never
  }
  t.equal((await ask([plugin, plain], 'a.org', 'A')).flags, 'qr aa')
})

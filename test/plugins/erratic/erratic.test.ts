import t from 'tap'
import type { Plugin } from '../../../src/dns/plugin.ts'
import { erraticPlugin } from '../../../src/plugins/erratic/setup.ts'
import { setupBlocks, testRuntime, testShared, type TestRuntime } from '../../support/blocks.ts'
import { makeQuery, responseText } from '../../support/messages.ts'

function erratic(block: string): {
  readonly plugin: Plugin
  readonly runtime: TestRuntime
  readonly ready: () => boolean
} {
  const runtime = testRuntime()
  const [made] = setupBlocks(`. {\n erratic {\n${block}\n }\n}\n`, [erraticPlugin], testShared(runtime))
  return { plugin: made!.plugins[0]!, runtime, ready: () => made!.context.readinessChecks.get('erratic')!() }
}

const next = { answer: () => t.fail('nothing behind it is asked') as never }

/** What happens to as many queries: answered, dropped, late, cut. */
async function outcomes(block: string, count: number, type = 'A'): Promise<string> {
  const { plugin, runtime } = erratic(block)
  let text = ''
  for (let left = count; left > 0; left--) {
    const query = makeQuery('a.org', type)
    const answer = plugin.answer(query, next)
    if (answer instanceof Promise) {
      runtime.clock.advance(10_000)
      text += (await answer).dropped ? '?' : 'L'
    } else if (answer.dropped) text += '-'
    else text += responseText(query, answer).flags.includes('tc') ? 'T' : 'a'
  }
  return text
}

const cases: readonly (readonly [block: string, outcomes: string])[] = [
  ['', '-a-a-a-a'],
  ['drop 3', '-aa-aa-a'],
  ['drop 0', 'aaaaaaaa'],
  ['drop', '-a-a-a-a'],
  ['delay', 'LaLaLaLa'],
  ['delay 3 1s', 'LaaLaaLa'],
  ['truncate', 'TTaaTTaa'],
  ['truncate 1', 'TaTaTaTa'],
  ['drop 2\n truncate 1', '-a-a-a-a'],
  // What is dropped doesn't wait.
  ['drop 3\n delay 2', '-aL-La-a']
]

for (const [block, expected] of cases) {
  t.test(block === '' ? 'nothing said' : block, async t => {
    t.equal(await outcomes(block, expected.length), expected)
  })
}

t.test('answers A, AAAA and a transfer of a small zone', async t => {
  const answer = async (block: string, type: string) => {
    const query = makeQuery('a.org', type, { transport: 'tcp' })
    return responseText(query, await erratic(`drop 0\n${block}`).plugin.answer(query, next))
  }
  t.has(await answer('', 'A'), { flags: 'qr aa rd', answer: ['a.org 0 A 192.0.2.53'] })
  t.has(await answer('', 'AAAA'), { flags: 'qr aa rd', answer: ['a.org 0 AAAA 2001:db8::53'] })
  t.has(await answer('', 'TXT'), { rcode: 'SERVFAIL', flags: 'qr rd', answer: [] })
  t.equal((await answer('large', 'A')).answer.length, 30)
  t.equal((await answer('large', 'AAAA')).answer.length, 1)
  const zone = await answer('', 'AXFR')
  t.same(
    zone.answer.map(line => line.split(' ').slice(0, 3).join(' ')),
    ['a.org 0 SOA', 'a.org 0 NS', 'a.org 0 NS', 'a.a.org 0 AAAA', 'b.a.org 0 AAAA', 'a.org 0 SOA']
  )
  t.equal((await answer('truncate 1', 'AXFR')).answer.length, 5, 'a cut one lacks the last SOA')
})

t.test('is ready for a moment only', async t => {
  const { plugin, ready } = erratic('drop 0')
  const states: boolean[] = []
  for (let count = 0; count < 6; count++) {
    states.push(ready())
    void plugin.answer(makeQuery('a.org', 'A'), next)
  }
  t.same(states, [false, false, false, true, true, false])
})

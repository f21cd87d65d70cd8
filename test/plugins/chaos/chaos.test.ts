import t from 'tap'
import { Chaos, type ChaosTexts } from '../../../src/plugins/chaos/chaos.ts'
import { ask } from '../../support/ask.ts'

/** Always the first of what is left. */
const random = { integer: () => 0 }
const chaos = (texts: Partial<ChaosTexts> = {}) =>
  new Chaos({ version: 'V1', authors: ['b', 'a'], hostName: 'node-7', ...texts }, random)

const answers: readonly (readonly [name: string, type: string, answer: readonly string[] | 'passes'])[] = [
  ['version.bind', 'TXT', ['version.bind 0 TXT "V1"']],
  ['version.server', 'TXT', ['version.server 0 TXT "V1"']],
  ['HostName.Bind', 'TXT', ['HostName.Bind 0 TXT "node-7"']],
  ['id.server', 'TXT', ['id.server 0 TXT "node-7"']],
  ['authors.bind', 'TXT', ['authors.bind 0 TXT "b"', 'authors.bind 0 TXT "a"']],
  ['other.bind', 'TXT', 'passes'],
  ['x.version.bind', 'TXT', 'passes'],
  ['version.bind', 'A', 'passes']
]

for (const [name, type, answer] of answers) {
  t.test(`${name} ${type}`, async t => {
    const response = await ask([chaos()], name, type, { rclass: 'CH' })
    if (answer === 'passes') t.equal(response.rcode, 'SERVFAIL')
    else t.has(response, { rcode: 'NOERROR', flags: 'qr rd', answer })
  })
}

t.test('class IN passes', async t => {
  t.equal((await ask([chaos()], 'version.bind', 'TXT')).rcode, 'SERVFAIL')
})

const texts: readonly (readonly [text: string, shown: string])[] = [
  ['', ''],
  ['e\\"f', 'e"f'],
  ['i\\nj', 'inj'],
  ['\\065\\066 \\999', 'AB 999'],
  ['ends in \\', 'ends in '],
  ['x'.repeat(300), 'x'.repeat(255)]
]

for (const [text, shown] of texts) {
  t.test(`the text ${text.slice(0, 20)}`, async t => {
    const { answer } = await ask([chaos({ version: text })], 'version.bind', 'TXT', { rclass: 'CH' })
    t.same(answer, [`version.bind 0 TXT "${shown}"`])
  })
}

t.test('every order of the authors can come', async t => {
  const authors = ['a', 'b', 'c']
  const seen = new Set<string>()
  for (let code = 0; code < 6; code++) {
    const picks = [code % 3, Math.floor(code / 3), 0]
    const plugin = new Chaos({ version: '', authors, hostName: '' }, { integer: () => picks.shift()! })
    const { answer } = await ask([plugin], 'authors.bind', 'TXT', { rclass: 'CH' })
    seen.add(answer.map(line => line.at(-2)).join(''))
  }
  t.equal(seen.size, 6)
})

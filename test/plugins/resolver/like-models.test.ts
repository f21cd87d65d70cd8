// resolver `like PROGRAM` against the model of that program: the same names in the same order, and the same end, whatever
// each name of the walk comes to. The plugin has a few rules where the models have code; here they can't drift apart.
import t from 'tap'
import { emptyAnswer } from '../../../src/dns/response.ts'
import type { Handler } from '../../../src/dns/plugin.ts'
import { writeSections } from '../../../src/dns/sections.ts'
import { resolverPlugin } from '../../../src/plugins/resolver/setup.ts'
import { walkRules } from '../../../src/plugins/resolver/walk-rules.ts'
import { resolverModel } from '../../../src/resolver/registry.ts'
import { formatName } from '../../../src/wire/name.ts'
import { Flag, Rcode, rtypeName } from '../../../src/wire/numbers.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, testRuntime, testShared } from '../../support/blocks.ts'
import { rulesNetwork, type Trace } from '../../support/resolver-traces.ts'

/** Models by the word in the Corefile. */
const MODELS: Readonly<Record<string, readonly string[]>> = {
  glibc: ['glibc-2.36', 'glibc-2.41'],
  musl: ['musl-1.2.3', 'musl-1.2.5'],
  go: ['go-1.24'],
  'c-ares': ['cares-1.18.1', 'cares-1.34.5'],
  dig: ['dig-9.18']
}

const OUTCOMES = ['NXDOMAIN', 'NODATA', 'SERVFAIL', 'REFUSED', 'ANSWER'] as const
type Outcome = (typeof OUTCOMES)[number]
type Script = Readonly<Record<string, Outcome>>

/** What a walk asked for, each name once, and the address that it came to. */
interface Walked {
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

const addressOf = (name: string): string => `10.0.0.${name.length}`

async function byModel(model: string, name: string, script: Script): Promise<Walked> {
  const found = resolverModel(model)!
  const config = found.parse('nameserver 10.96.0.10\nsearch a.org b.net\noptions ndots:1\n')
  const zoneRules = Object.entries(script).map(([own, reply]) => ({
    ...{ name: own, type: 'A', reply },
    ...(reply === 'ANSWER' ? { data: [addressOf(own)] } : {})
  })) as unknown as Trace['zoneRules']
  const chance = { integer: () => 0 }
  const lookup = { name, family: 'inet' } as const
  const { queries, addresses } = await found.start(config, chance).lookup(lookup, rulesNetwork({ zoneRules }))
  const asked = queries.filter(({ type }) => type === 'A').map(query => query.name!)
  return { names: [...new Set(asked)], addresses }
}

function plugin(like: string): (name: string, script: Script) => Promise<Walked> {
  let script: Script = {}
  const seen: string[] = []
  const behind: Handler = {
    answer: query => {
      const [name, type] = [formatName(query.name), rtypeName(query.qtype)]
      if (type === 'A') seen.push(name)
      const outcome = type === 'A' ? script[name] : script[name] === 'NXDOMAIN' ? 'NXDOMAIN' : 'NODATA'
      if (outcome === 'SERVFAIL' || outcome === 'REFUSED') return emptyAnswer(query, Rcode[outcome])
      const record = outcome === 'ANSWER' ? parseRecord(`${name} 60 IN A ${addressOf(name)}`) : undefined
      const answer = record === undefined ? [] : [{ ...record, owner: record.name }]
      const rcode = outcome === 'NXDOMAIN' ? Rcode.NXDOMAIN : Rcode.NOERROR
      return writeSections(query, { answer, authority: [], additional: [] }, rcode, Flag.AA)
    }
  }
  const text = `.:53 {\nresolver {\nsearch a.org b.net\nndots 1\nlike ${like}\n}\n}`
  const [block] = setupBlocks(text, [resolverPlugin], testShared(testRuntime()), behind)
  return async (name, given) => {
    script = given
    seen.length = 0
    const { answer } = await askHandler(block!.chain, name)
    return { names: [...seen], addresses: answer.flatMap(record => / A (\S+)$/.exec(record)?.[1] ?? []) }
  }
}

t.test('every word has its models', t => {
  t.same([...walkRules.keys()].sort(), Object.keys(MODELS).sort())
  for (const name of Object.values(MODELS).flat()) t.ok(resolverModel(name), name)
  t.end()
})

for (const like of walkRules.keys()) {
  t.test(`like ${like}`, async t => {
    const walk = plugin(like)
    let compared = 0
    for (const name of ['xx', 'xx.yy']) {
      for (const [first, second, own] of triples()) {
        const script = { [`${name}.a.org.`]: first, [`${name}.b.net.`]: second, [`${name}.`]: own }
        const walked = await walk(name, script)
        for (const model of MODELS[like] ?? []) {
          const expected = await byModel(model, name, script)
          compared++
          if (JSON.stringify(walked) !== JSON.stringify(expected))
            t.same(walked, expected, `${model}: ${name}: ${JSON.stringify(script)}`)
        }
      }
    }
    t.equal(compared, 2 * OUTCOMES.length ** 3 * (MODELS[like]?.length ?? 0))
  })
}

function* triples(): Generator<readonly [Outcome, Outcome, Outcome]> {
  for (const first of OUTCOMES)
    for (const second of OUTCOMES) for (const own of OUTCOMES) yield [first, second, own]
}

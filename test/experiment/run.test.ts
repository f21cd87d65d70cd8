// What an experiment counts: over rules of which every figure can be reckoned by hand (resolver-semantics.md §2.10, §2.11).
import t from 'tap'
import { SimulatedNetwork, seededChance, type Asked } from '../../src/experiment/network.ts'
import { runExperiment } from '../../src/experiment/run.ts'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { replyKind, type Outgoing } from '../../src/resolver/network.ts'

const LIST = ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local']
const ADDRESSES: Readonly<Record<string, string>> = {
  'web.default.svc.cluster.local.': '10.96.0.7',
  'www.example.com.': '192.0.2.1'
}

/** Everything below cluster.local is at home, everything else one question beyond it. */
function ask({ name, type }: Outgoing): Asked {
  const beyond = name?.endsWith('.cluster.local.') === true ? 0 : 1
  const address = ADDRESSES[name ?? '']
  const addresses = address !== undefined && type === 'A' ? [address] : []
  const parts = {
    ...{ rcode: address === undefined ? 3 : 0, answers: addresses.length, addresses, truncated: false },
    ...{ authoritative: beyond === 0, recursionAvailable: true, additional: 0, detail: { beyond } }
  }
  return { beyond, reply: { ...parts, kind: replyKind(parts) } }
}

const spec = (changes: Partial<ExperimentSpec>): ExperimentSpec => ({
  ...{ title: 'x', names: ['web', 'web.default.svc', 'www.example.com', 'nowhere'], ndots: [1, 2, 5] },
  ...{
    search: new Map([['default', LIST]]),
    resolvers: ['glibc-2.36', 'musl-1.2.5'],
    family: 'unspec' as const
  },
  ...{ autopath: [false], upstreams: [{ delayMs: 20, loss: 0 }], exists: undefined, networkMs: 1 },
  ...{ server: undefined, assertions: [] },
  ...changes
})

function run(changes: Partial<ExperimentSpec> = {}, later = false) {
  const wanted = spec(changes)
  const done: number[] = []
  return runExperiment({
    ...{ spec: wanted, atOnce: later ? 3 : 1, madeBy: 'test', state: 'rules', notes: [] },
    network: ({ upstream }, seed) => {
      const chance = seededChance(seed)
      const asked = later ? async (message: Outgoing) => Promise.resolve(ask(message)) : ask
      return new SimulatedNetwork(asked, wanted.networkMs, upstream, new Map(), () => chance.share())
    },
    progress: count => void done.push(count),
    pause: () => Promise.resolve()
  })
}

/** Pairs of A and AAAA for each name of the walk. */
const QUERIES: Readonly<Record<string, readonly [number, number, number]>> = {
  // web: the first element; web.default.svc: itself and three elements, or three; www.example.com; nowhere: all.
  'glibc-2.36': [2 + 8 + 2 + 8, 2 + 8 + 2 + 8, 2 + 6 + 8 + 8],
  'musl-1.2.5': [2 + 2 + 2 + 8, 2 + 2 + 2 + 8, 2 + 6 + 8 + 8]
}

for (const later of [false, true]) {
  t.test(`queries, name errors, leaks and times${later ? ', over answers that come later' : ''}`, async t => {
    const result = await run({}, later)
    t.equal(result.settings.length, 6)
    for (const { setting, queries, lookups } of result.settings) {
      t.equal(lookups, 4)
      const at = [1, 2, 5].indexOf(setting.ndots)
      t.equal(queries, QUERIES[setting.resolver]![at], `${setting.resolver} ndots ${setting.ndots}`)
    }
    const of = (resolver: string, ndots: number) =>
      result.settings.find(each => each.setting.resolver === resolver && each.setting.ndots === ndots)!
    // web.default.svc with two dots and ndots 2 or less: musl asks for the name itself alone.
    t.same(of('musl-1.2.5', 1).broken, ['web.default.svc'])
    t.same(of('musl-1.2.5', 2).broken, ['web.default.svc'])
    t.same(of('musl-1.2.5', 5).broken, [])
    t.same(of('glibc-2.36', 1).broken, [])
    t.same(
      result.least.map(({ resolver, ndots }) => [resolver, ndots]),
      [
        ['glibc-2.36', 1],
        ['musl-1.2.5', 5]
      ]
    )
    t.same(result.nowhere, ['nowhere'])
    const five = of('musl-1.2.5', 5)
    t.equal(five.found, 3)
    // Beyond: www.example.com and nowhere, as they are, both families.
    t.equal(five.upstream, 4)
    t.equal(five.nxdomain, 4 + 6 + 8)
    t.equal(five.figures.nxdomain_share, 18 / 24)
    t.equal(five.figures.queries_per_lookup, 6)
    // web: one round of 1 ms; www.example.com: three rounds, then one of 21 ms.
    t.equal(five.figures.p50_ms, 3)
    t.equal(five.figures.p99_ms, 24)
  })
}

t.test('walks are kept once, with their settings', async t => {
  const { walks } = await run({ names: ['web.default.svc'] })
  t.equal(walks.length, 1)
  t.same(
    walks[0]!.walks.map(({ settings, ok, queries }) => [
      settings,
      ok,
      queries.map(each => each.reply).join(' ')
    ]),
    [
      [[0, 1], true, 'NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN ANSWER NODATA'],
      [[2, 5], true, 'NXDOMAIN NXDOMAIN NXDOMAIN NXDOMAIN ANSWER NODATA'],
      [[3, 4], false, 'NXDOMAIN NXDOMAIN']
    ]
  )
  t.same(
    walks[0]!.walks[2]!.queries.map(({ name, upstream }) => [name, upstream]),
    [
      ['web.default.svc.', true],
      ['web.default.svc.', true]
    ]
  )
})

t.test('loss takes time, the same each time', async t => {
  const lossy = {
    names: ['www.example.com'],
    ndots: [1],
    upstreams: [{ delayMs: 20, loss: 0.5 }],
    resolvers: ['glibc-2.36']
  }
  const [first, second] = [await run(lossy), await run(lossy)]
  t.same(first.settings, second.settings)
  const all = await run({ ...lossy, upstreams: [{ delayMs: 20, loss: 1 }] })
  t.equal(all.settings[0]!.found, 0)
  t.ok(all.settings[0]!.figures.p50_ms >= 4900, 'labdns gives up after 4.9 s')
})

t.test('assertions hold for every setting, or say where not', async t => {
  const { assertions } = await run({ assertions: ['queries_per_lookup<=6', 'broken_names==0'] })
  t.same(assertions, [
    { text: 'queries_per_lookup<=6', holds: true, failures: [] },
    {
      text: 'broken_names==0',
      holds: false,
      failures: ['musl-1.2.5, ndots 1: broken_names is 1', 'musl-1.2.5, ndots 2: broken_names is 1']
    }
  ])
})

t.test('many names are looked up in order', async t => {
  const names = Array.from({ length: 1001 }, (_, at) => `n${at}`)
  const { settings, nowhere } = await run({ names, ndots: [5], resolvers: ['go-1.24'] })
  t.equal(settings[0]!.lookups, 1001)
  t.same(nowhere, names)
})

t.test('rows of real programs follow those of their model, and count what was measured', async t => {
  const asked: string[] = []
  const wanted = spec({ names: ['web', 'nowhere', 'last'], ndots: [1, 5] })
  const result = await runExperiment({
    ...{ spec: wanted, atOnce: 1, madeBy: 'test', state: 'rules', notes: [] },
    network: ({ upstream }) => new SimulatedNetwork(ask, wanted.networkMs, upstream, new Map(), () => 1),
    progress: () => undefined,
    pause: () => Promise.resolve(),
    measured: {
      names: ['web', 'nowhere'],
      atOnce: 2,
      programs: [
        {
          resolver: 'musl-1.2.5 (this machine)',
          model: 'musl-1.2.5',
          lookup: async (name, { ndots }, resolvConf) => {
            asked.push(`${name} ${/ndots:\d+/.exec(resolvConf)?.[0] ?? ''}`)
            // The first is done last: results keep the order of the names.
            if (name === 'web') await new Promise(resolve => setImmediate(resolve))
            const ok = name === 'web' || ndots === 5
            const error = ok ? null : 'EAI_NONAME'
            return { ok, error, addresses: [], elapsedMs: 7, exitCode: 0, queries: [], steps: [] }
          }
        }
      ]
    }
  })
  t.same(
    result.settings.map(({ origin, lookups, setting: { resolver, ndots } }) => [
      origin,
      resolver,
      ndots,
      lookups
    ]),
    [
      ['modelled', 'glibc-2.36', 1, 3],
      ['modelled', 'glibc-2.36', 5, 3],
      ['modelled', 'musl-1.2.5', 1, 3],
      ['modelled', 'musl-1.2.5', 5, 3],
      ['measured', 'musl-1.2.5 (this machine)', 1, 2],
      ['measured', 'musl-1.2.5 (this machine)', 5, 2]
    ]
  )
  t.same(asked, ['web ndots:1', 'nowhere ndots:1', 'web ndots:5', 'nowhere ndots:5'])
  t.same(result.settings[4]!.broken, ['nowhere'])
  t.equal(result.settings[5]!.found, 2)
  t.equal(result.least.at(-1)?.ndots, 5)
  t.same(result.nowhere, ['last'], 'what a program found is found; what it was not given says nothing')
  t.same(
    result.walks.find(({ name }) => name === 'nowhere')?.walks.map(({ settings }) => settings),
    [[0, 1, 2, 3], [4], [5]]
  )
})

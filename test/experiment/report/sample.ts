// Results made by hand: figures are written down, not computed by the code under test.
import type {
  ExperimentResult,
  NameWalks,
  SettingResult,
  Walk,
  WalkQuery
} from '../../../src/experiment/result.ts'

interface Row {
  readonly resolver: string
  readonly ndots: number
  readonly queries: number
  readonly nxdomain: number
  readonly upstream: number
  readonly broken?: readonly string[]
  readonly autopath?: boolean
  readonly origin?: SettingResult['origin']
}

/** A setting of ten lookups, so that 24 queries are 2.4 a lookup. */
export function row({
  resolver,
  ndots,
  queries,
  nxdomain,
  upstream,
  broken = [],
  autopath = false,
  origin = 'modelled'
}: Row): SettingResult {
  return {
    setting: { resolver, ndots, search: 'default', autopath, upstream: { delayMs: 20, loss: 0.01 } },
    ...{ origin, lookups: 10, found: 10 - broken.length, queries, nxdomain, upstream, broken },
    figures: {
      queries_per_lookup: queries / 10,
      nxdomain_share: nxdomain / queries,
      upstream_per_lookup: upstream / 10,
      failures: broken.length,
      broken_names: broken.length,
      ...{ p50_ms: 0.5, p90_ms: 20.5, p99_ms: 120.25 }
    }
  }
}

const query = (name: string, type: string, reply: string, atMs: number, upstream = false): WalkQuery => ({
  ...{ name, type, reply, upstream, atMs }
})

const SHOP = 'shop.svc.cluster.local.'

const found: Walk = {
  settings: [2, 5],
  ...{ ok: true, error: null, elapsedMs: 1.5 },
  queries: [
    query(`web.orders.${SHOP}`, 'A', 'NXDOMAIN', 0),
    query(`web.orders.${SHOP}`, 'AAAA', 'NXDOMAIN', 0),
    query('web.orders.svc.cluster.local.', 'A', 'ANSWER', 0.75),
    query('web.orders.svc.cluster.local.', 'AAAA', 'NODATA', 0.75)
  ]
}

const lost: Walk = {
  settings: [0],
  ...{ ok: false, error: 'EAI_NONAME', elapsedMs: 41 },
  queries: [
    query('web.orders.', 'A', 'SERVFAIL', 0, true),
    query('web.orders.', 'AAAA', 'DROP', 0, true),
    query(`web.orders.${SHOP}`, 'A', 'NXDOMAIN', 40.5)
  ]
}

const walks: readonly NameWalks[] = [
  { name: 'web.orders', walks: [found, lost] },
  { name: 'web', walks: [{ ...found, settings: [0, 1, 2, 3, 4, 5], queries: found.queries.slice(2) }] }
]

/** Two resolvers × three ndots: glibc breaks a name at ndots 1, musl breaks one at 1 and at 2. */
export const sample: ExperimentResult = {
  title: 'ndots of the shop',
  madeBy: 'labdns 0.1.0',
  state: '--apps config/apps',
  spec: {
    title: 'ndots of the shop',
    names: ['web.orders', 'web', 'example.com', 'gone'],
    ndots: [1, 2, 5],
    search: { default: ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'] },
    resolvers: ['glibc-2.36', 'musl-1.2.5'],
    family: 'unspec',
    autopath: [false],
    upstreams: [{ delayMs: 20, loss: 0.01 }],
    exists: undefined,
    networkMs: 0.25,
    server: undefined,
    assertions: ['queries_per_lookup<=2.5']
  },
  settings: [
    row({ resolver: 'glibc-2.36', ndots: 1, queries: 20, nxdomain: 5, upstream: 6, broken: ['web.orders'] }),
    row({ resolver: 'glibc-2.36', ndots: 2, queries: 24, nxdomain: 6, upstream: 6 }),
    row({ resolver: 'glibc-2.36', ndots: 5, queries: 60, nxdomain: 45, upstream: 12 }),
    row({ resolver: 'musl-1.2.5', ndots: 1, queries: 20, nxdomain: 5, upstream: 6, broken: ['web.orders'] }),
    row({ resolver: 'musl-1.2.5', ndots: 2, queries: 22, nxdomain: 6, upstream: 6, broken: ['web'] }),
    row({ resolver: 'musl-1.2.5', ndots: 5, queries: 60, nxdomain: 45, upstream: 12 })
  ],
  least: [leastOf('glibc-2.36', 2, 2.4), leastOf('musl-1.2.5', 5, 6)],
  walks,
  nowhere: ['gone'],
  assertions: [
    {
      text: 'queries_per_lookup<=2.5',
      holds: false,
      failures: ['glibc-2.36, ndots 5: 6', 'musl-1.2.5, ndots 5: 6']
    },
    { text: 'failures==0', holds: true, failures: [] }
  ],
  notes: ['Names that nothing in the cluster answers exist beyond it.']
}

export function leastOf(
  resolver: string,
  ndots: number | undefined,
  queriesPerLookup: number | undefined,
  autopath = false
): ExperimentResult['least'][number] {
  return {
    resolver,
    search: 'default',
    autopath,
    upstream: { delayMs: 20, loss: 0.01 },
    ndots,
    queriesPerLookup
  }
}

/** What strangers may call a name, a search list, a file. */
export const HOSTILE: readonly string[] = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '<!--',
  ']]>',
  '&lt;b&gt;',
  'javascript:alert(1)',
  'web\u0000\u001b[31m\u0007\u0085red',
  'safe.\u202eslaer\u2066.example',
  'zero\u200bwidth\ufeff',
  '\ud800lone',
  `z${'\u0301'.repeat(30)}algo`,
  '=HYPERLINK("http://evil.example")',
  `${'long.'.repeat(5000)}example`
]

/** The sample with hostile texts wherever a stranger's text can stand. */
export function hostile(): ExperimentResult {
  const text = HOSTILE.join(' ')
  return {
    ...sample,
    ...{ title: text, madeBy: text, state: text, nowhere: HOSTILE, notes: HOSTILE },
    spec: {
      ...sample.spec,
      title: text,
      names: HOSTILE,
      server: text,
      exists: HOSTILE,
      search: { [text]: HOSTILE, other: [] }
    },
    settings: sample.settings.map((each, at) => ({
      ...each,
      setting: { ...each.setting, search: at % 2 === 0 ? text : 'other' },
      broken: at === 1 ? HOSTILE : each.broken
    })),
    walks: HOSTILE.map(name => ({
      name,
      walks: [
        {
          ...lost,
          error: text,
          queries: lost.queries.map(each => ({ ...each, name: `${name}.${SHOP}`, reply: name, type: name }))
        }
      ]
    })),
    assertions: HOSTILE.map(each => ({ text: each, holds: false, failures: [each] }))
  }
}

/** As large as an experiment of the acceptance: 1,000 names in 60 settings, every third name broken somewhere. */
export function large(): ExperimentResult {
  const names = Array.from(
    { length: 1000 },
    (_, at) => `service-${at}.team-${at % 40}.region.internal.example`
  )
  const resolvers = ['glibc-2.36', 'glibc-2.41', 'musl-1.2.3', 'musl-1.2.5', 'python-3.11', 'dig-9.18']
  const settings = resolvers.flatMap((resolver, r) =>
    [false, true].flatMap(autopath =>
      [1, 2, 3, 4, 5].map(ndots =>
        row({
          ...{ resolver, ndots, autopath, queries: 10 + ndots * 10 + r, nxdomain: 5, upstream: 4 },
          broken: names.filter((_, at) => at % 3 === 0 && (at * 7 + r * 3 + ndots) % 11 < 6 - ndots)
        })
      )
    )
  )
  return {
    ...sample,
    spec: { ...sample.spec, names, ndots: [1, 2, 3, 4, 5], resolvers, autopath: [false, true] },
    settings,
    least: resolvers.flatMap(resolver => [
      leastOf(resolver, 5, 6),
      leastOf(resolver, undefined, undefined, true)
    ]),
    walks: names.slice(0, 200).map(name => ({
      name,
      walks: Array.from({ length: 6 }, (_, at) => ({
        ...(at % 2 === 0 ? found : lost),
        settings: [at, at + 12, at + 24]
      }))
    }))
  }
}

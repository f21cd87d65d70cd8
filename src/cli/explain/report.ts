// What `labdns explain` found out, and how it is told: as text, and as a graph. The JSON is the report itself.
import type { WorkloadFact, Fact } from '../../dns/facts.ts'
import type { EgressVerdict } from './egress.ts'

/** One message of a walk, and who answered it. */
export interface Row {
  readonly name: string | null
  readonly type: string | null
  readonly transport: string
  readonly server: string
  /** Milliseconds of model time since the lookup began. */
  readonly atMs: number
  readonly reply: string
  /** The plugin; absent: another server, or nobody. */
  readonly plugin?: string
  readonly zone?: string
  readonly upstream?: string
  readonly upstreamMs?: number
  readonly facts: readonly Fact[]
  readonly why: readonly string[]
}

export interface Walk {
  readonly resolver: string
  readonly program: string
  readonly ok: boolean
  readonly error: string | null
  readonly addresses: readonly string[]
  readonly elapsedMs: number
  /** What the program takes otherwise than a reader of the file may think. */
  readonly warnings: readonly string[]
  readonly queries: readonly Row[]
}

export interface Report {
  readonly state: string
  readonly name: string
  readonly types: readonly string[]
  /** Who asks. */
  readonly from?: string
  /** Which settings the Pod has, because of what, and what would change it. */
  readonly dns?: string
  readonly asksClusterDns?: boolean
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
  readonly notes: readonly string[]
  readonly egress?: EgressVerdict
  readonly walks: readonly Walk[]
  /** Services that would lead to Pods that none leads to. */
  readonly services: readonly string[]
}

export function* reportLines(report: Report): Generator<string, void> {
  const { from, dns, nameservers, searches, options, notes, egress } = report
  yield `state: ${report.state}`
  if (from !== undefined) yield `from: ${from}${dns === undefined ? '' : `: ${dns}`}`
  const conf = [
    `nameserver ${nameservers.join(', ') || '(not known)'}`,
    ...(searches.length === 0 ? [] : [`search ${searches.join(' ')}`]),
    ...(options.length === 0 ? [] : [`options ${options.join(' ')}`])
  ]
  yield `resolv.conf: ${conf.join('; ')}`
  for (const note of notes) yield `note: ${note}`
  for (const line of egress?.lines ?? []) yield line
  for (const walk of report.walks) {
    yield ''
    yield* walkLines(report.name, walk)
  }
  for (const service of report.services) {
    yield ''
    yield* service.trimEnd().split('\n')
  }
}

function* walkLines(name: string, walk: Walk): Generator<string, void> {
  const { program, queries, warnings } = walk
  yield `${walk.resolver} (${program}): ${name} → ${outcomeText(walk)}; ${countText(queries.length)}`
  for (const warning of warnings) yield `  warning: ${warning}`
  const cells = queries.map(query => [
    query.name ?? '(no name)',
    `${query.type ?? '?'}${query.transport === 'udp' ? '' : ` ${query.transport}`}`,
    query.reply,
    answererText(query)
  ])
  const widths = [0, 1, 2].map(column => Math.max(0, ...cells.map(row => row[column]?.length ?? 0)))
  const digits = String(queries.length).length
  let before = ''
  for (const [at, row] of cells.entries()) {
    const text = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    yield `  ${String(at + 1).padStart(digits)}  ${text.trimEnd()}`
    const why = (queries[at]?.why ?? []).filter(sentence => sentence !== '')
    const said = why.join('\n')
    if (said !== before) for (const sentence of why) yield `  ${' '.repeat(digits)}    ${sentence}`
    before = said
  }
}

function outcomeText({ ok, error, addresses, elapsedMs }: Walk): string {
  const time = elapsedMs > 0 ? ` after ${Math.round(elapsedMs)} ms` : ''
  return ok ? `${addresses.join(', ') || 'found'}${time}` : `${error ?? 'not found'}${time}`
}

const countText = (count: number): string => (count === 1 ? '1 query' : `${count} queries`)

function answererText({ plugin, zone, upstream, upstreamMs, server }: Row): string {
  if (plugin === undefined) return `by ${server}`
  const block = zone === undefined || zone === '' ? '' : ` (block ${zone})`
  if (upstream === undefined) return `by ${plugin}${block}`
  return `by ${upstream} through ${plugin}${block}${upstreamMs === undefined ? '' : `, ${msText(upstreamMs)}`}`
}

const msText = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

/** The walks as a graph in the language of Graphviz. */
export function* dotLines({ name, walks }: Report): Generator<string, void> {
  yield 'digraph explain {'
  yield '  rankdir=TB'
  yield '  node [shape=box, fontname="sans-serif"]'
  for (const [number, walk] of walks.entries()) {
    const node = (at: number | string) => `w${number}_${at}`
    yield `  subgraph cluster_${number} {`
    yield `    label=${quoted(`${walk.resolver}: ${name}`)}`
    yield `    ${node('start')} [label=${quoted(name)}, shape=oval]`
    for (const [at, row] of walk.queries.entries()) {
      const label = [
        `${at + 1}. ${row.name ?? '?'} ${row.type ?? '?'}`,
        `${row.reply} ${answererText(row)}`,
        ...row.why
      ]
      yield `    ${node(at)} [label=${quoted(label.join('\n'))}]`
      yield `    ${at === 0 ? node('start') : node(at - 1)} -> ${node(at)}`
    }
    const last = walk.queries.length === 0 ? node('start') : node(walk.queries.length - 1)
    yield `    ${node('end')} [label=${quoted(outcomeText(walk))}, shape=oval]`
    yield `    ${last} -> ${node('end')}`
    yield '  }'
  }
  yield '}'
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\l')}"`

/** The manifest of the Service that would select a workload's Pods. */
export function serviceManifest(
  { namespace, name, labels }: WorkloadFact,
  ports: readonly { readonly name: string; readonly port: number; readonly protocol: string }[]
): string {
  const selector = Object.entries(labels).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`)
  const listed = ports.map(({ name: own, port, protocol }) => {
    const named = own === '' ? '' : `name: ${own}, `
    return `    - { ${named}port: ${port}${protocol === 'TCP' ? '' : `, protocol: ${protocol}`} }`
  })
  const known = listed.length > 0 ? listed : ['    - port: 80 # the port that its containers listen on']
  return [
    `# A Service that selects the Pods of ${namespace}/${name}:`,
    'apiVersion: v1',
    'kind: Service',
    `metadata: { name: ${name}, namespace: ${namespace} }`,
    'spec:',
    '  selector:',
    ...selector,
    '  ports:',
    ...known,
    ''
  ].join('\n')
}

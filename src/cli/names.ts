// `labdns names`: every name that `serve` would answer, with its type, its data, and where it comes from.
import { App, type Stanza } from '../app.ts'
import type { ClusterObject } from '../cluster/objects.ts'
import { CorefileError } from '../corefile/position.ts'
import { renderError } from '../corefile/report.ts'
import { formatName, isSubdomain, parseName, type Name } from '../wire/name.ts'
import type { NamesArguments, ServeArguments } from './arguments.ts'
import { tableLines } from './get/table.ts'
import { OnceSources, printingRuntime, withAnnouncedContext, type Origin } from './loaded-state.ts'
import { NAME_STATE } from './named-state.ts'
import { ApiStateError } from './once-api-source.ts'
import { rowsOf, type Row, type Wanted } from './names/listing.ts'
import { printAll } from './output.ts'
import { chooseConfiguration, fileText } from './state.ts'
import { buildInfo } from './version.ts'

type NamesFormat = 'table' | 'wide' | 'json'

/** Prints the names; settles with 1 when the state or the configuration can't be had. */
export async function names(given: ServeArguments, words: NamesArguments): Promise<number> {
  const { runtime, flush } = printingRuntime()
  let app: App | undefined
  try {
    const format = formatOf(words.output)
    const args = withAnnouncedContext(given, runtime)
    const sources = new OnceSources(args, runtime, { pods: true })
    const { configuration, origin } = await chooseConfiguration(args, runtime)
    if (origin === 'bare') throw new Error(NOTHING_GIVEN)
    const { blocks } = configuration
    app = await App.create({
      ...{ blocks, runtime, build: buildInfo(), lenient: args.lenient },
      ...{ clusterSource: sources.request, offline: true }
    })
    const stanzas = await app.load()
    if (stanzas.length === 0) throw new Error('error: the Corefile has no kubernetes block')
    const wanted = { zone: zoneOf(words.zone, stanzas), namespace: words.namespace }
    await flush()
    return await print(stanzas, sources, wanted, format, words.headers)
  } catch (error) {
    await flush()
    const said = error instanceof Error ? error.message : String(error)
    const message = error instanceof ApiStateError ? said.replace(/^/gm, 'error: ') : said
    const text = error instanceof CorefileError ? renderError(error, fileText(runtime)) : message
    process.stderr.write(`${text}\n`)
    return 1
  } finally {
    await app?.discard()
  }
}

const NOTHING_GIVEN = `error: there is no state to list: ${NAME_STATE}`

function formatOf(output: string | undefined): NamesFormat {
  if (output === undefined || output === '') return 'table'
  if (output === 'wide' || output === 'json') return output
  throw new Error(`error: -o ${output}: expected wide or json`)
}

function zoneOf(text: string | undefined, stanzas: readonly Stanza[]): Name | undefined {
  if (text === undefined) return undefined
  const zone = parseName(text)
  if (zone === undefined) throw new Error(`error: --zone ${text}: expected a domain name`)
  const served = stanzas.flatMap(({ plugin }) => plugin.options.zones.map(({ name }) => name))
  if (!served.some(name => isSubdomain(name, zone) || isSubdomain(zone, name))) {
    const list = [...new Set(served.map(name => formatName(name)))].join(', ')
    throw new Error(`error: --zone ${text}: is not served; the zones of the kubernetes blocks are ${list}`)
  }
  return zone
}

async function print(
  stanzas: readonly Stanza[],
  sources: OnceSources,
  wanted: Wanted,
  format: NamesFormat,
  hasHeads: boolean
): Promise<number> {
  const rows = rowsOf(stanzas, sources.objects(), wanted)
  if (format === 'json') {
    await printAll(jsonLines(rows, sources))
    return 0
  }
  const isWide = format === 'wide'
  const heads = ['NAME', 'TYPE', 'DATA', 'FROM', ...(isWide ? ['TTL', 'RULE'] : [])]
  const cells: string[][] = []
  // An object has many names and comes from one place.
  const places = new Map<ClusterObject | Stanza, string>()
  for (const row of rows) {
    const { name, type, data, ttl, rule } = row
    const subject = row.object ?? row.stanza
    const place = places.get(subject) ?? fromText(row, sources)
    places.set(subject, place)
    cells.push(isWide ? [name, type, data, place, String(ttl), rule] : [name, type, data, place])
  }
  if (cells.length === 0) process.stderr.write('No names found\n')
  else await printAll(tableLines(heads, cells, hasHeads))
  return 0
}

/** One array, an element a line. */
function* jsonLines(rows: Iterable<Row>, sources: OnceSources): Generator<string, void> {
  let before = '[\n'
  for (const row of rows) {
    const { name, type, ttl, data, rule } = row
    yield before + JSON.stringify({ name, type, ttl, data, rule, from: originOf(row, sources) })
    before = ',\n'
  }
  yield before === '[\n' ? '[]\n' : '\n]\n'
}

function originOf({ object, stanza }: Row, sources: OnceSources): Origin {
  if (object !== undefined) return sources.originOf(object)
  const { file, line } = stanza.at
  return {
    file,
    line,
    kind: 'kubernetes',
    namespace: '',
    name: formatName(stanza.plugin.options.primaryZone)
  }
}

/** `shop.yaml:14 Service shop/web`. */
function fromText(row: Row, sources: OnceSources): string {
  const { file, line, kind, namespace, name } = originOf(row, sources)
  const isFromApi = row.object !== undefined && sources.servers.length > 0
  const place = file !== undefined ? `${file}:${line ?? 0}` : isFromApi ? FROM_API : ALWAYS_THERE
  return `${place} ${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
}

const ALWAYS_THERE = '(always there)'
const FROM_API = '(API server)'

// `labdns get`: the objects that `serve` would have, in kubectl's columns, or as manifests that `--manifests` takes.
import { App } from '../app.ts'
import type { WrittenMap } from '../cluster/as-written.ts'
import type { ClusterObject } from '../cluster/objects.ts'
import { CorefileError } from '../corefile/position.ts'
import { renderError } from '../corefile/report.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { GetArguments, ServeArguments } from './arguments.ts'
import { beyondOf } from './get/beyond.ts'
import { nameWithKind, quotedWithKind, type Kind } from './get/kinds.ts'
import { listText, manifestText } from './get/manifest-text.ts'
import { GetMistake, readQuery, type GetQuery } from './get/query.ts'
import { COLUMNS, resourcesOf, type Beyond, type Resource } from './get/resources.ts'
import { tableLines } from './get/table.ts'
import { NO_STANZA, OnceSources, printingRuntime, withAnnouncedContext } from './loaded-state.ts'
import { NAME_STATE, namesState } from './named-state.ts'
import { ApiStateError } from './once-api-source.ts'
import { printAll } from './output.ts'
import { chooseConfiguration, fileText } from './state.ts'
import { buildInfo } from './version.ts'

/** Prints what is asked for; settles with 1 when it can't be read, or a name isn't there. */
export async function get(args: ServeArguments, words: GetArguments): Promise<number> {
  const { runtime, flush } = printingRuntime()
  let query: GetQuery
  let sources: OnceSources
  try {
    query = readQuery(words)
    sources = await loadState(
      args,
      runtime,
      query.kinds.some(({ kind }) => kind === 'Pod')
    )
  } catch (error) {
    await flush()
    process.stderr.write(`${explained(error, runtime)}\n`)
    return 1
  }
  await flush()
  const { groups, missing } = select(query, sources.objects(), beyondOf(sources.controlPlanes))
  await printAll(outputOf(query, groups, words.headers))
  for (const each of missing) process.stderr.write(`Error from server (NotFound): ${each} not found\n`)
  const isTable = query.format !== 'yaml' && query.format !== 'json'
  if (isTable && missing.length === 0 && groups.every(group => group.resources.length === 0)) {
    const isInNamespace = query.namespace !== undefined && query.kinds.every(kind => kind.isNamespaced)
    const where = isInNamespace ? ` in ${query.namespace ?? ''} namespace.` : ''
    process.stderr.write(`No resources found${where}\n`)
  }
  return missing.length > 0 ? 1 : 0
}

/** Reads the state that the options name, else the state that the Corefile's stanzas name. */
async function loadState(given: ServeArguments, runtime: Runtime, pods: boolean): Promise<OnceSources> {
  const args = withAnnouncedContext(given, runtime)
  const sources = new OnceSources(args, runtime, { pods })
  if (namesState(args)) {
    await sources.request(NO_STANZA).make().start()
    return sources
  }
  const { configuration, origin } = await chooseConfiguration(args, runtime)
  if (origin === 'bare') {
    throw new GetMistake(`there is no state to show: ${NAME_STATE}`)
  }
  const { blocks } = configuration
  const app = await App.create({
    ...{ blocks, runtime, build: buildInfo(), lenient: args.lenient },
    ...{ clusterSource: sources.request, offline: true }
  })
  try {
    await app.load()
  } finally {
    await app.discard()
  }
  if (sources.isEmpty) throw new GetMistake('the Corefile has no kubernetes block')
  return sources
}

function explained(error: unknown, runtime: Runtime): string {
  if (error instanceof CorefileError) return renderError(error, fileText(runtime))
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof ApiStateError) return message.replace(/^/gm, 'error: ')
  return error instanceof GetMistake ? `error: ${message}` : message
}

interface Group {
  readonly kind: Kind
  readonly resources: readonly Resource[]
}

function select(
  query: GetQuery,
  objects: readonly ClusterObject[],
  beyond: Beyond
): { groups: Group[]; missing: string[] } {
  const missing: string[] = []
  const groups = query.kinds.map(kind => {
    const resources = resourcesOf(kind, objects, beyond).filter(resource => isAskedFor(resource, kind, query))
    if (query.names.length === 0) return { kind, resources }
    const named = query.names.flatMap(({ kind: wanted, name }) => {
      if (wanted !== kind) return []
      const found = resources.find(resource => resource.name === name)
      if (found === undefined) missing.push(quotedWithKind(kind, name))
      return found ?? []
    })
    return { kind, resources: named }
  })
  return { groups, missing }
}

function isAskedFor(resource: Resource, kind: Kind, query: GetQuery): boolean {
  const { namespace, isEverything, selector } = query
  if (selector?.matches(resource.labels) === false) return false
  if (namespace === undefined) return true
  if (kind.isNamespaced) return resource.namespace === namespace
  // Everything in a namespace is of use to `--manifests` only together with the namespace itself.
  return !isEverything || resource.name === namespace
}

function* outputOf(query: GetQuery, groups: readonly Group[], hasHeads: boolean): Generator<string, void> {
  const { format } = query
  if (format === 'yaml' || format === 'json') {
    const [first] = groups.flatMap(group => group.resources)
    if (query.names.length === 1) yield first === undefined ? '' : manifestText(first.manifest(), format)
    else yield* listText(manifestsOf(groups), format)
    return
  }
  let isFirst = true
  for (const group of groups) {
    if (group.resources.length === 0) continue
    if (format === 'name') {
      for (const { name } of group.resources) yield `${nameWithKind(group.kind, name)}\n`
      continue
    }
    if (!isFirst && hasHeads) yield '\n'
    isFirst = false
    yield* table(query, group, hasHeads)
  }
}

function* manifestsOf(groups: readonly Group[]): Generator<WrittenMap, void> {
  for (const { resources } of groups) for (const resource of resources) yield resource.manifest()
}

function table(query: GetQuery, { kind, resources }: Group, hasHeads: boolean): Iterable<string> {
  const isWide = query.format === 'wide'
  const showsNamespace = query.namespace === undefined && kind.isNamespaced
  const [columns, wideColumns] = COLUMNS[kind.kind]
  const heads = [...(showsNamespace ? ['NAMESPACE'] : []), 'NAME', ...columns, ...(isWide ? wideColumns : [])]
  const rows = resources.map(resource => [
    ...(showsNamespace ? [resource.namespace] : []),
    query.namesKinds ? nameWithKind(kind, resource.name) : resource.name,
    ...(isWide && wideColumns.length > 0 ? resource.wideCells() : resource.cells())
  ])
  return tableLines(heads, rows, hasHeads)
}

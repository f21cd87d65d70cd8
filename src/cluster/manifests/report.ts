// What the log says of manifests.
import { lineOf, placeOf, type Entry, type FilePart, type ManifestFile } from './manifest-file.ts'
import type { SimulatedNote, SimulatedProblem } from '../apps/simulated.ts'
import type { Change, Changed } from './change.ts'
import { shownObject, type Trouble } from './reading.ts'

/** `shop.yaml:7:14: Service shop/web: …; its last good version stays in service` */
export function troubleLine(file: ManifestFile, part: FilePart, trouble: Trouble): string {
  return `${placeOf(file, part, trouble)}: ${trouble.text}${consequence(file, trouble)}`
}

function consequence(file: ManifestFile, trouble: Trouble): string {
  if (trouble.costs === 'nothing') return ''
  if (trouble.costs === 'object') {
    const kept = file.kept.some(entry => entry.key === trouble.key)
    return kept ? '; its last good version stays in service' : '; it is left out'
  }
  return file.kept.length > 0
    ? '; what this file gave before stays in service'
    : '; this document is left out'
}

/** `b.yaml:9:1: Service shop/web: is declared twice; a.yaml:3:1 counts, …` */
export function duplicateLine(entry: Entry, first: Entry): string {
  const counts = placeOf(first.file, first.part, first.found)
  const place = placeOf(entry.file, entry.part, entry.found)
  return `${place}: ${shownObject(entry.found)}: is declared a second time; the first one counts, ${counts}; delete or rename one`
}

/** More changes of a file than this are counted, not named. */
const NAMED_CHANGES_MAX = 3

/** `shop.yaml: Service shop/web changed, Pod shop/web-1 removed` */
export function changeLine(shown: string, changes: readonly Changed[]): string {
  if (changes.length <= NAMED_CHANGES_MAX) {
    return `${shown}: ${changes.map(({ object, action }) => `${shownObject(object)} ${action}`).join(', ')}`
  }
  const parts: string[] = []
  for (const action of ['added', 'changed', 'removed'] as const) {
    const kinds = changes.filter(change => change.action === action).map(change => change.object.kind)
    if (kinds.length > 0) parts.push(`${kinds.length} ${action} (${countsOf(kinds)})`)
  }
  return `${shown}: ${parts.join(', ')}`
}

/** `Service 12, Pod 3`: the kind with most first. */
function countsOf(kinds: Iterable<string>): string {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return sorted.map(([kind, count]) => `${kind} ${count}`).join(', ')
}

/** `shop.yaml:14 StatefulSet shop/db: 3 → 2, db-2 gone` */
export function noteLine(
  note: SimulatedNote,
  entry: Entry | undefined,
  file: ManifestFile | undefined
): string {
  // What is gone stands in no line any more.
  const place = entry === undefined && file !== undefined ? `${file.shown} ` : lineNumbered(entry)
  return `${place}${shownObject(note.subject)}: ${note.text}`
}

/** `shop.yaml:14:1: Service shop/web: spec.clusterIP: 10.96.0.100 is taken by …` */
export function problemLine(problem: SimulatedProblem, entry: Entry | undefined): string {
  const place = entry === undefined ? '' : `${placeOf(entry.file, entry.part, entry.found)}: `
  return `${place}${shownObject(problem.subject)}: ${problem.text}`
}

/** `shop.yaml:14 Service shop/web: mended: spec.clusterIP: …` */
export function mendedLine(problem: SimulatedProblem, entry: Entry): string {
  return `${lineNumbered(entry)}${shownObject(problem.subject)}: mended: ${problem.text}`
}

function lineNumbered(entry: Entry | undefined): string {
  return entry === undefined ? '' : `${entry.file.shown}:${lineOf(entry.part, entry.found)} `
}

/**
 * `manifests: 4 files: Service 12, Pod 3; passed over, since no answer needs them: Deployment 2`, and for applications
 * `apps: 3 files: Deployment 2, Service 3; simulated: Pod 5, EndpointSlice 3`.
 */
export function startLine(
  option: string,
  files: number,
  entries: Iterable<Entry>,
  simulated: Iterable<string>
): string {
  const held: string[] = []
  const others: string[] = []
  for (const { held: kept, found } of entries) {
    // A ConfigMap is kept for its Corefile: that is no answer's need.
    ;(kept === undefined || kept.kind === 'ConfigMap' ? others : held).push(found.kind)
  }
  const counted = held.length === 0 ? 'no objects' : countsOf(held)
  const made = countsOf(simulated)
  const passedOver =
    others.length === 0 ? '' : `; passed over, since no answer needs them: ${countsOf(others)}`
  return (
    `${option}: ${files} ${files === 1 ? 'file' : 'files'}: ${counted}` +
    `${made === '' ? '' : `; simulated: ${made}`}${passedOver}`
  )
}

/** The namespaces that are used but not declared, and what to add. */
export function namespacesLine(names: readonly string[], where: Entry | undefined): string {
  const [first = ''] = names
  const subject = names.length === 1 ? `namespace ${first} is` : `namespaces ${someOf(names)} are`
  const used = where === undefined ? '' : ` (${where.file.shown}:${lineOf(where.part, where.found)})`
  return (
    `${subject} used${used} but not declared, so no name in ${names.length === 1 ? 'it' : 'them'} exists, as in CoreDNS; add ` +
    `{apiVersion: v1, kind: Namespace, metadata: {name: ${first}}}${names.length === 1 ? '' : ' and the like'}`
  )
}

/** Services without a cluster IP among what is new: mostly manifests of an application, which a cluster completes. */
export function addresslessLine(changes: readonly Change[]): string | undefined {
  const names: string[] = []
  for (const { action, object } of changes) {
    if (action === 'removed' || object.kind !== 'Service' || object.type === 'ExternalName') continue
    if (object.clusterIPs.length === 0) names.push(`${object.namespace}/${object.name}`)
  }
  if (names.length === 0) return undefined
  const [subject, have] = names.length === 1 ? ['Service', 'has'] : ['Services', 'have']
  return (
    `${subject} ${someOf(names)} ${have} no clusterIP and so no address; nothing is added to manifests: write ` +
    'spec.clusterIP, an address or None, or name the files with --apps instead'
  )
}

/** `a, b, c and 4 more` */
export function someOf(names: readonly string[]): string {
  const few = names.slice(0, 5)
  return names.length > few.length
    ? `${few.join(', ')} and ${names.length - few.length} more`
    : few.join(', ')
}

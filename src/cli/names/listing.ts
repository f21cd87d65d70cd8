// Every name that a server would answer: asked of the server itself, question by question. Objects say what to ask; data
// comes from the answers alone.
import type { Stanza } from '../../app.ts'
import type { ClusterKind, ClusterObject } from '../../cluster/objects.ts'
import type { Answer } from '../../dns/answer.ts'
import { objectCandidates, zoneCandidates, type Candidate } from '../../plugins/kubernetes/candidates.ts'
import { readMessage } from '../../wire/message.ts'
import { formatName, isSubdomain, nameKey, sameName, type Name } from '../../wire/name.ts'
import { Rtype, rtypeName } from '../../wire/numbers.ts'
import { formatRdata } from '../../wire/rdata.ts'

/** One record of an answer. */
export interface Row {
  readonly name: string
  readonly type: string
  readonly data: string
  /** Seconds. */
  readonly ttl: number
  /** The word for why it is answered so; empty when the plugin gives none. */
  readonly rule: string
  /** What it is there because of; undefined: the zone itself. */
  readonly object: ClusterObject | undefined
  readonly stanza: Stanza
}

export interface Wanted {
  /** Only names in this zone. */
  readonly zone: Name | undefined
  /** Only names of objects in this namespace. */
  readonly namespace: string | undefined
}

interface Asked extends Candidate {
  /** The labels from the zone to the left: names sort by it as DNS sorts them, each before those below it (RFC 4034 §6.1). */
  readonly order: string
  readonly object: ClusterObject | undefined
}

/** Objects in this order: the first one that a name may come from is the one that is told. */
const KIND_ORDER: Readonly<Record<ClusterKind, number>> = {
  Service: 0,
  ServiceImport: 1,
  EndpointSlice: 2,
  Pod: 3,
  Namespace: 4
}

/** The rows of all stanzas: zone by zone in the order of the stanza, and by name as DNS sorts them; each record once. */
export function* rowsOf(
  stanzas: readonly Stanza[],
  objects: readonly ClusterObject[],
  wanted: Wanted
): Generator<Row, void> {
  const ordered = inOrder(objects, wanted.namespace)
  // Two blocks may answer alike: what both say is said once.
  const said = stanzas.length > 1 ? new Set<string>() : undefined
  for (const stanza of stanzas) {
    for (const asked of questionsOf(stanza, ordered, wanted)) {
      for (const row of answered(stanza, asked)) {
        const key = `${row.name} ${row.type} ${row.data}`.toLowerCase()
        if (said?.has(key) === true) continue
        said?.add(key)
        yield row
      }
    }
  }
}

function inOrder(objects: readonly ClusterObject[], namespace: string | undefined): ClusterObject[] {
  const spaceOf = (object: ClusterObject) => (object.kind === 'Namespace' ? '' : object.namespace)
  return objects
    .filter(object => namespace === undefined || spaceOf(object) === namespace)
    .sort(
      (a, b) =>
        KIND_ORDER[a.kind] - KIND_ORDER[b.kind] || compare(spaceOf(a), spaceOf(b)) || compare(a.name, b.name)
    )
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What to ask a stanza, each name once, sorted. */
function questionsOf({ plugin }: Stanza, objects: readonly ClusterObject[], wanted: Wanted): Asked[] {
  const { options, index } = plugin
  const sliceOptions = { podNames: index.options.endpointPodNames, zones: index.options.zonal }
  const found = new Map<string, Asked>()
  const add = (candidate: Candidate, object: ClusterObject | undefined) => {
    const { name, zone, qtypes } = candidate
    if (wanted.zone !== undefined && !isSubdomain(name, wanted.zone)) return
    const key = nameKey(name)
    const other = found.get(key)
    if (other === undefined) found.set(key, { name, zone, qtypes, order: orderOf(key), object })
    else if (qtypes.some(qtype => !other.qtypes.includes(qtype))) {
      found.set(key, { ...other, qtypes: [...new Set([...other.qtypes, ...qtypes])] })
    }
  }
  if (wanted.namespace === undefined) for (const one of zoneCandidates(options)) add(one, undefined)
  for (const object of objects) {
    for (const one of objectCandidates(object, options, sliceOptions)) add(one, object)
  }
  return [...found.values()].sort((a, b) => a.zone - b.zone || compare(a.order, b.order))
}

function orderOf(key: string): string {
  let order = ''
  for (let at = 0; key.charCodeAt(at) > 0; at += key.charCodeAt(at) + 1) {
    order = `${key.slice(at + 1, at + 1 + key.charCodeAt(at))}\0${order}`
  }
  return order
}

function* answered(stanza: Stanza, { name, qtypes, object }: Asked): Generator<Row, void> {
  const text = formatName(name)
  // An alias is the answer to more than one type.
  const aliases = new Set<string>()
  for (const qtype of qtypes) {
    const answer = stanza.ask(name, qtype)
    // Whoever has to wait asks somebody else, and that is no name of ours.
    if (answer instanceof Promise) {
      answer.catch(() => undefined)
      continue
    }
    for (const row of recordsOf(answer, name, qtype, { name: text, object, stanza })) {
      if (row.type === 'CNAME' && aliases.has(row.data)) continue
      if (row.type === 'CNAME') aliases.add(row.data)
      yield row
    }
  }
}

/** The answer's octets belong to its plugin and are good until the next question, so the rows are made at once. */
function recordsOf(
  answer: Answer,
  name: Name,
  qtype: number,
  common: Pick<Row, 'name' | 'object' | 'stanza'>
): Row[] {
  const message = readMessage(answer.octets.subarray(0, answer.length))
  const rows: Row[] = []
  for (const { name: owner, rtype, ttl, rdata } of message?.answers ?? []) {
    if ((rtype !== qtype && rtype !== Rtype.CNAME) || !sameName(owner, name)) continue
    const rule = answer.reason?.rule ?? ''
    rows.push({ ...common, type: rtypeName(rtype), data: formatRdata(rtype, rdata), ttl, rule })
  }
  // The order in an answer may be chance (*loadbalance*).
  return rows.sort((a, b) => compare(a.data, b.data))
}

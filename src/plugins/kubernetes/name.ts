// The grammar of names in a cluster zone (kubernetes-records.md §2): labels, read from the zone to the left.
import { lowerOctet } from '../../wire/name.ts'

/** What the labels left of the zone say. */
export const NameKind = {
  APEX: 0,
  /** `svc` or `pod` alone. */
  KIND: 1,
  /** `NS.svc`, `NS.pod`. */
  NAMESPACE: 2,
  SERVICE: 3,
  /** `E.S.NS.svc`, with a cluster in multicluster zones: `E.C.S.NS.svc`. */
  ENDPOINT: 4,
  /** `_port._protocol.S.NS.svc`. */
  PORT: 5,
  POD: 6,
  /** `<topology zone>.pin._zone.S.NS.svc`. */
  ZONAL: 7,
  INVALID: 8
} as const

/** Labels that a name can have at most (RFC 1035 §2.3.4). */
const LABELS_MAX = 127
const UNDERSCORE = 0x5f

const word = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))
const SVC = word('svc')
const POD = word('pod')
const ZONE = word('_zone')
const PIN = word('pin')
const PREFER = word('prefer')

/**
 * Reads one name after another and keeps where its parts stand. Offsets are those of label text; each `…End` is the
 * offset after it.
 */
export class ClusterName {
  kind: number = NameKind.INVALID
  /** Whether the kind label is `pod`. */
  isPod = false
  labelCount = 0
  namespaceAt = 0
  namespaceEnd = 0
  serviceAt = 0
  serviceEnd = 0
  endpointAt = 0
  endpointEnd = 0
  /** Source cluster; empty outside multicluster zones. */
  clusterAt = 0
  clusterEnd = 0
  /** Port and protocol without their underscore; empty means any. */
  portAt = 0
  portEnd = 0
  protocolAt = 0
  protocolEnd = 0
  /** The pod's address label. */
  podAt = 0
  podEnd = 0
  /** `pin` rather than `prefer`. */
  isPinned = false
  /** The topology zone's labels, length octets included, the first one's too. */
  topologyAt = 0
  topologyEnd = 0
  readonly #labels = new Uint8Array(LABELS_MAX + 1)

  /** Reads the labels between `start` and the zone at `zoneAt`. */
  read(octets: Uint8Array, start: number, zoneAt: number, isMulticluster: boolean): void {
    const labels = this.#labels
    let count = 0
    for (let at = start; at < zoneAt; at += (octets[at] as number) + 1) labels[count++] = at - start
    this.labelCount = count
    if (count === 0) {
      this.kind = NameKind.APEX
      return
    }
    const kindAt = start + (labels[count - 1] as number)
    this.isPod = isWord(octets, kindAt, POD)
    if (!this.isPod && !isWord(octets, kindAt, SVC)) {
      this.kind = NameKind.INVALID
      return
    }
    if (count === 1) {
      this.kind = NameKind.KIND
      return
    }
    const namespace = start + (labels[count - 2] as number)
    this.namespaceAt = namespace + 1
    this.namespaceEnd = namespace + 1 + (octets[namespace] as number)
    if (count === 2) {
      this.kind = NameKind.NAMESPACE
      return
    }
    const third = start + (labels[count - 3] as number)
    if (this.isPod) {
      this.podAt = third + 1
      this.podEnd = third + 1 + (octets[third] as number)
      // One or two labels more are passed over, as CoreDNS does.
      this.kind = count <= 5 ? NameKind.POD : NameKind.INVALID
      return
    }
    this.serviceAt = third + 1
    this.serviceEnd = third + 1 + (octets[third] as number)
    this.portAt = this.portEnd = this.protocolAt = this.protocolEnd = 0
    this.endpointAt = this.endpointEnd = this.clusterAt = this.clusterEnd = 0
    if (count === 3) this.kind = NameKind.SERVICE
    else if (count === 4) this.#readEndpoint(octets, start)
    else if (count === 5) this.#readPair(octets, start, start + (labels[1] as number), isMulticluster)
    else this.#readZonal(octets, start, count)
  }

  #readEndpoint(octets: Uint8Array, at: number): void {
    this.kind = NameKind.ENDPOINT
    this.endpointAt = at + 1
    this.endpointEnd = at + 1 + (octets[at] as number)
  }

  #readPair(octets: Uint8Array, first: number, second: number, isMulticluster: boolean): void {
    const firstMarked = octets[first + 1] === UNDERSCORE
    const secondMarked = octets[second + 1] === UNDERSCORE
    if (isMulticluster && !firstMarked && !secondMarked) {
      this.#readEndpoint(octets, first)
      this.clusterAt = second + 1
      this.clusterEnd = second + 1 + (octets[second] as number)
      return
    }
    this.kind = NameKind.PORT
    this.portAt = first + 1 + (firstMarked ? 1 : 0)
    this.portEnd = first + 1 + (octets[first] as number)
    this.protocolAt = second + 1 + (secondMarked ? 1 : 0)
    this.protocolEnd = second + 1 + (octets[second] as number)
  }

  #readZonal(octets: Uint8Array, start: number, count: number): void {
    const labels = this.#labels
    const directiveAt = start + (labels[count - 5] as number)
    this.isPinned = isWord(octets, directiveAt, PIN)
    const isZonal =
      isWord(octets, start + (labels[count - 4] as number), ZONE) &&
      (this.isPinned || isWord(octets, directiveAt, PREFER))
    this.kind = isZonal ? NameKind.ZONAL : NameKind.INVALID
    this.topologyAt = start
    this.topologyEnd = directiveAt
  }
}

/** Whether the label whose length octet stands at `at` is a lower-case word, letter case aside. */
export function isWord(octets: Uint8Array, at: number, wanted: Uint8Array): boolean {
  if (octets[at] !== wanted.length) return false
  for (let i = 0; i < wanted.length; i++)
    if (lowerOctet[octets[at + 1 + i] as number] !== wanted[i]) return false
  return true
}

// What was known when an answer was given: read from the index by the same look that found the answer (`Match`), with
// what the surroundings add to it. Called only where somebody wants to know why.
import type { ClusterIndex } from '../../cluster/index/cluster-index.ts'
import { ServiceType } from '../../cluster/index/service-record.ts'
import type { ClusterFact, ClusterRule, EndpointsFact, Hints, ServiceFact } from '../../dns/facts.ts'
import type { Query } from '../../dns/query.ts'
import { formatAddress } from '../../wire/address.ts'
import { formatName, labelText, readName } from '../../wire/name.ts'
import { HEADER_OCTETS, Rtype, rtypeName } from '../../wire/numbers.ts'
import { HintFinder, zoneText } from './hints.ts'
import { Match, Outcome } from './match.ts'
import { NameKind } from './name.ts'
import type { KubernetesOptions, Zone } from './options.ts'

/** Addresses, ports and endpoints that are told one by one. */
const LISTED_MAX = 4

/** One question, looked at again. */
interface Seen {
  readonly query: Query
  readonly zone: Zone
  /** The parts of the name, as they were asked for; empty where it has none. */
  readonly namespace: string
  readonly service: string
  readonly endpoint: string
  readonly cluster: string
}

export class ClusterFacts {
  readonly #index: ClusterIndex
  readonly #options: KubernetesOptions
  readonly #findZone: (query: Query) => [Zone, number] | undefined
  readonly #match: Match
  readonly #hints: HintFinder

  constructor(
    index: ClusterIndex,
    options: KubernetesOptions,
    findZone: (query: Query) => [Zone, number] | undefined
  ) {
    this.#index = index
    this.#options = options
    this.#findZone = findZone
    this.#match = new Match(index, options)
    this.#hints = new HintFinder(index, options, namespace => this.#match.isListed(namespace))
  }

  /** How often a hint was not searched for, since there were too many. */
  get searchesLeftOut(): number {
    return this.#hints.leftOut
  }

  ofRule(rule: ClusterRule, query: Query): ClusterFact {
    const [zone] = this.#findZone(query) ?? []
    const isHidden = rule === 'no-such-address' && this.#options.namespaces.length > 0
    return { ...common(rule, query, zone), ...(isHidden ? { option: 'namespaces' } : {}) }
  }

  /** A name that exists and has no record of the type. */
  noData(query: Query): ClusterFact {
    const seen = this.#look(query)
    if (seen === undefined) return common('no-data', query, undefined)
    const fact = common('no-data', query, seen.zone)
    const { outcome } = this.#match
    if (outcome === Outcome.POD) {
      const family = this.#match.podFamily === 4 ? 'IPv4' : 'IPv6'
      return { ...fact, namespace: seen.namespace, families: [family] }
    }
    if (outcome !== Outcome.ADDRESSES && outcome !== Outcome.ENDPOINTS && outcome !== Outcome.EXTERNAL_NAME)
      return fact
    const service = this.#serviceFact(seen)
    const isAddress = query.qtype === Rtype.A || query.qtype === Rtype.AAAA
    return {
      ...{ ...fact, namespace: seen.namespace, service },
      ...(isAddress && outcome !== Outcome.EXTERNAL_NAME ? { families: this.#families() } : {})
    }
  }

  /** What a name stands for, or why it stands for nothing. */
  ofOutcome(outcome: number, rule: ClusterRule, query: Query): ClusterFact {
    const seen = this.#look(query)
    if (seen === undefined) return common('invalid-name', query, undefined)
    const { zone, namespace, endpoint, cluster } = seen
    const fact = { ...common(rule, query, zone), namespace }
    switch (outcome) {
      case Outcome.EMPTY:
      case Outcome.PODS_DISABLED:
        return { ...fact, ...this.#podHints(seen) }
      case Outcome.POD:
        return { ...fact, endpoint }
      case Outcome.NO_NAMESPACE:
        return { ...fact, ...this.#left('namespace_labels'), ...this.#namespaceHints(seen) }
      case Outcome.NAMESPACE_NOT_EXPOSED:
        return { ...fact, option: 'namespaces' }
      case Outcome.NO_SERVICE:
        return {
          ...{ ...fact, service: { ...ofService(seen) } },
          ...(zone.isMulticluster ? {} : this.#left('labels')),
          ...this.#hints.noService(namespace, seen.service, endpoint, zone)
        }
      case Outcome.NO_SUCH_ENDPOINT:
        return {
          ...{ ...fact, service: this.#serviceFact(seen), endpoint },
          ...(cluster === '' ? {} : { cluster }),
          ...this.#unwatched(zone),
          ...this.#endpointHints(seen)
        }
      case Outcome.NO_READY_ENDPOINT:
        return { ...fact, service: this.#serviceFact(seen), ...this.#unwatched(zone) }
      case Outcome.EMPTY_ZONE:
        return { ...fact, service: this.#serviceFact(seen), ...this.#pinned() }
      case Outcome.NO_SUCH_PORT: {
        const { name, octets } = this.#match
        const port = labelText(octets, name.portAt, name.portEnd)
        const protocol = labelText(octets, name.protocolAt, name.protocolEnd)
        return { ...fact, service: this.#serviceFact(seen), port, protocol }
      }
      case Outcome.NO_SUCH_POD:
        return {
          ...{ ...fact, endpoint, verified: this.#options.pods === 'verified' },
          ...this.#podHints(seen)
        }
      case Outcome.INVALID_NAME:
        return this.#invalid(seen)
      default:
        return { ...fact, service: this.#serviceFact(seen) }
    }
  }

  /** As `Reasons.meant`, in the first zone that has Services. */
  meant(labels: readonly string[]): readonly string[] {
    const zone = this.#options.zones.find(({ isReverse, isMulticluster }) => !isReverse && !isMulticluster)
    return zone === undefined ? [] : this.#hints.meant(labels, zone)
  }

  /** Looks the name up as the answer did; `undefined` outside of our zones. */
  #look(query: Query): Seen | undefined {
    const [zone, zoneAt] = this.#findZone(query) ?? []
    if (zone === undefined || zoneAt === undefined) return undefined
    const match = this.#match
    match.find(query.wire, HEADER_OCTETS, zoneAt, zone)
    const { name } = match
    const text = (isThere: boolean, start: number, end: number) =>
      isThere ? labelText(query.wire, start, end) : ''
    const { kind, isPod } = name
    const hasService = kind >= NameKind.SERVICE && kind !== NameKind.INVALID && !isPod
    const isEndpoint = kind === NameKind.ENDPOINT
    return {
      ...{ query, zone },
      namespace: text(
        kind >= NameKind.NAMESPACE && kind !== NameKind.INVALID,
        name.namespaceAt,
        name.namespaceEnd
      ),
      service: text(hasService, name.serviceAt, name.serviceEnd),
      endpoint:
        kind === NameKind.POD
          ? text(true, name.podAt, name.podEnd)
          : text(isEndpoint, name.endpointAt, name.endpointEnd),
      cluster: text(isEndpoint, name.clusterAt, name.clusterEnd)
    }
  }

  /** What is known of the Service that `#look` found. */
  #serviceFact(seen: Seen): ServiceFact {
    const { service, table, entry } = this.#match
    const bare = ofService(seen)
    if (entry < 0 || !table.hasService(entry)) return bare
    const { octets } = service
    if (service.type === ServiceType.EXTERNAL_NAME) {
      const target = readName(octets, service.externalNameAt)
      return {
        ...bare,
        type: 'ExternalName',
        ...(target === undefined ? {} : { target: formatName(target) })
      }
    }
    if (service.type === ServiceType.NONEXISTENT) return { ...bare, type: 'ExternalName' }
    const isHeadless = service.type === ServiceType.HEADLESS
    const endpoints = this.#endpointsFact(seen)
    const selector = this.#selectorOf(seen)
    return {
      ...bare,
      type: isHeadless ? 'headless' : 'ClusterIP',
      ...(isHeadless ? {} : { addresses: this.#addresses() }),
      ports: this.#ports(),
      ...(selector === undefined ? {} : { selector }),
      ...(endpoints === undefined ? {} : { endpoints })
    }
  }

  #addresses(): string[] {
    const { service } = this.#match
    const { octets, ipv4At, ipv4Count, ipv6At, ipv6Count } = service
    const found: string[] = []
    for (let i = 0; i < Math.min(ipv4Count, LISTED_MAX); i++)
      found.push(formatAddress(octets, ipv4At + i * 4, 4))
    for (let i = 0; i < Math.min(ipv6Count, LISTED_MAX); i++)
      found.push(formatAddress(octets, ipv6At + i * 16, 16))
    return found
  }

  #ports(): string[] {
    const { service } = this.#match
    const found: string[] = []
    service.rewindPorts()
    while (found.length < LISTED_MAX && service.nextPort()) {
      const { octets, nameAt, nameLength, protocolAt, protocolLength, port } = service
      const name = labelText(octets, nameAt, nameAt + nameLength)
      const protocol = labelText(octets, protocolAt, protocolAt + protocolLength)
      found.push(`${name === '' ? '' : `${name} `}${port}/${protocol === '' ? 'TCP' : protocol}`)
    }
    return found
  }

  /** Undefined: endpoints are not watched. */
  #endpointsFact({ zone, namespace, service }: Seen): EndpointsFact | undefined {
    if (!this.#index.options.endpoints && !zone.isMulticluster) return undefined
    const { table, entry, slice } = this.#match
    let ready = 0
    for (let id = table.firstSlice(entry); id >= 0; id = table.nextSlice(id))
      ready += table.loadSlice(id, slice).endpointCount
    const { surroundings } = this.#index
    if (surroundings?.isComplete !== true || zone.isMulticluster) return { ready }
    let notReady = 0
    const notReadyNames: string[] = []
    for (const { endpoints } of surroundings.slicesOf(namespace.toLowerCase(), service.toLowerCase())) {
      for (const { ready: isReady, targetName, addresses } of endpoints) {
        if (isReady) continue
        const name = targetName === '' ? (addresses[0] ?? '') : targetName
        if (notReadyNames.includes(name)) continue // once for each family
        notReady++
        if (notReadyNames.length < LISTED_MAX) notReadyNames.push(name)
      }
    }
    const matching =
      ready + notReady > 0 ? {} : this.#hints.podsSelected(namespace.toLowerCase(), service.toLowerCase())
    return { ready, notReady, notReadyNames, ...matching }
  }

  #selectorOf({ zone, namespace, service }: Seen): string | undefined {
    if (zone.isMulticluster) return undefined
    const known = this.#index.surroundings?.services.get(namespace.toLowerCase(), service.toLowerCase())
    if (known === undefined) return undefined
    return Object.entries(known.selector ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  }

  /** The families that the Service or endpoints that `#look` found have. */
  #families(): ('IPv4' | 'IPv6')[] {
    const { outcome, service, table, entry, slice } = this.#match
    let v4 = service.ipv4Count > 0
    let v6 = service.ipv6Count > 0
    if (outcome === Outcome.ENDPOINTS) {
      v4 = v6 = false
      for (let id = table.firstSlice(entry); id >= 0; id = table.nextSlice(id)) {
        table.loadSlice(id, slice)
        slice.rewindEndpoints()
        while (!(v4 && v6) && slice.nextEndpoint()) {
          if (slice.family === 4) v4 = true
          if (slice.family === 16) v6 = true
        }
      }
    }
    return [...(v4 ? (['IPv4'] as const) : []), ...(v6 ? (['IPv6'] as const) : [])]
  }

  #invalid({ query, zone }: Seen): ClusterFact {
    const { name } = this.#match
    const fact = common('invalid-name', query, zone)
    if (name.kind === NameKind.ZONAL && !zone.isReverse && !zone.isMulticluster)
      return { ...fact, option: 'zonal' }
    if (zone.isReverse) return fact
    const labels: string[] = []
    const { wire } = query
    const zoneAt = query.nameEnd - zone.name.length
    for (let at = HEADER_OCTETS; at < zoneAt; at += (wire[at] as number) + 1)
      labels.push(labelText(wire, at + 1, at + 1 + (wire[at] as number)).toLowerCase())
    const elsewhere = this.#hints.meant(labels, zone)
    return elsewhere.length === 0 ? fact : { ...fact, elsewhere }
  }

  #podHints({ zone, namespace, endpoint }: Seen): Hints {
    return endpoint === '' ? {} : this.#hints.noPod(namespace.toLowerCase(), endpoint.toLowerCase(), zone)
  }

  #namespaceHints({ zone, namespace, service }: Seen): Hints {
    return this.#match.name.isPod
      ? {}
      : this.#hints.noNamespace(namespace.toLowerCase(), service.toLowerCase(), zone)
  }

  #endpointHints({ zone, namespace, service, endpoint }: Seen): Hints {
    const isHeadless = this.#match.service.type === ServiceType.HEADLESS
    const [space, name, label] = [namespace.toLowerCase(), service.toLowerCase(), endpoint.toLowerCase()]
    return this.#hints.noEndpoint(space, name, label, isHeadless, zone)
  }

  /** An option left something out: it can't be told from what isn't there. */
  #left(option: 'labels' | 'namespace_labels'): Pick<ClusterFact, 'option'> {
    const { labels, namespaceLabels } = this.#index.options
    const selector = option === 'labels' ? labels : namespaceLabels
    return selector === undefined ? {} : { option }
  }

  #unwatched(zone: Zone): Pick<ClusterFact, 'option'> {
    return this.#index.options.endpoints || zone.isMulticluster ? {} : { option: 'noendpoints' }
  }

  #pinned(): Pick<ClusterFact, 'topologyZone'> {
    const { name, octets } = this.#match
    if (!name.isPinned) return {}
    return { topologyZone: formatName(octets.subarray(name.topologyAt, name.topologyEnd)).slice(0, -1) }
  }
}

function common(rule: ClusterRule, query: Query, zone: Zone | undefined): ClusterFact {
  return {
    ...{ plugin: 'kubernetes', rule },
    name: formatName(query.name),
    qtype: rtypeName(query.qtype),
    zone: zone === undefined ? '' : zoneText(zone)
  }
}

function ofService({ zone, namespace, service }: Seen): ServiceFact {
  return { kind: zone.isMulticluster ? 'ServiceImport' : 'Service', namespace, name: service }
}

// Facts in words: the only place where reasons become sentences. The first sentence says why; the others say what may
// have been meant or what can be done, the most useful one first.
import type {
  ClusterFact,
  EndpointsFact,
  Fact,
  ForwardFact,
  Hints,
  InClusterFact,
  KeptFact,
  PodFact,
  SearchFact,
  ServiceFact,
  WorkloadFact
} from '../dns/facts.ts'

/** Sentences without their full stops, so that they can stand in a row. Names that can be used have no last dot. */
export function sentencesOf(fact: Fact): string[] {
  switch (fact.rule) {
    case 'kept':
      return [keptText(fact)]
    case 'taken':
    case 'not-taken':
      return [searchText(fact)]
    case 'forwarded':
    case 'forward-failed':
      return [forwardText(fact)]
    case 'in-cluster':
      return inClusterTexts(fact)
    case 'answered':
      return [`the plugin ${fact.plugin} answered`]
    default:
      return clusterTexts(fact)
  }
}

function clusterTexts(fact: ClusterFact): string[] {
  const first = reasonText(fact)
  const passed = fact.passedOn === true ? ['the option fallthrough has the next plugin asked'] : []
  return [first, ...furtherTexts(fact), ...passed]
}

function reasonText(fact: ClusterFact): string {
  const { name, qtype, namespace = '', option, endpoint = '' } = fact
  const service = serviceText(fact.service)
  switch (fact.rule) {
    case 'apex':
      return `${name} is the apex of the zone`
    case 'not-synced':
      return 'the state of the cluster is not loaded yet'
    case 'no-such-type':
      return `${name} has no ${qtype} record`
    case 'no-text':
      return `${name} has no records of its own, and for TXT that makes it a name that does not exist, as in CoreDNS`
    case 'ptr':
      return 'the address belongs to these names'
    case 'no-such-address':
      return `no Service and no ready endpoint has the address${option === 'namespaces' ? ', in the namespaces that are exposed' : ''}`
    case 'name-server':
      return 'these are the addresses of the name server'
    case 'version':
      return 'the version of the Kubernetes DNS specification'
    case 'class-refused':
      return 'names of the cluster exist in class IN only'
    case 'transfer-refused':
      return 'zone transfers need the transfer plugin'
    case 'no-data':
      return `${name} exists and has no ${qtype} record`
    case 'empty-name':
      return `${name} exists so that names can lie below it, and has no records of its own`
    case 'service':
      return `${service} has these cluster IPs`
    case 'endpoints':
      return `these are ready endpoints of ${service}`
    case 'external-name':
      return `${service} is of type ExternalName`
    case 'pod':
      return `the address is spelled in the name of a pod in namespace ${namespace}`
    case 'no-endpoint-in-zone':
      return `headless ${service} has no ready endpoint${fact.topologyZone === undefined ? '' : ` in zone ${fact.topologyZone}`}`
    case 'invalid-name':
      return option === 'zonal'
        ? `${name} exists only with the option zonal`
        : `${name} is not of a form that names in the cluster have`
    case 'no-such-namespace':
      return `there is no namespace ${namespace}${selectedBy(option)}`
    case 'namespace-not-exposed':
      return `namespace ${namespace} is not listed in the option namespaces`
    case 'no-such-service':
      return `there is no ${service}${selectedBy(option)}`
    case 'no-ready-endpoint':
      return `headless ${service} has no ready endpoint${unwatched(option)}`
    case 'no-such-endpoint': {
      const cluster = fact.cluster === undefined ? '' : ` in cluster ${fact.cluster}`
      return `${service} has no ready endpoint named ${endpoint}${cluster}${unwatched(option)}`
    }
    case 'no-such-port':
      return `${service} has no port${portText(fact.port ?? '', fact.protocol ?? '')}`
    case 'below-external-name':
      return `${service} is of type ExternalName: no name exists below it`
    case 'external-name-is-address':
      return `the external name of ${service} is an IP address or no domain name, so the Service is passed over`
    case 'no-cluster-ip':
      return `${service} has no cluster IP yet`
    case 'pods-disabled':
      return 'names of pods are disabled (option pods)'
    case 'no-such-pod':
      return fact.verified === true
        ? `${endpoint} is not the address of a pod in namespace ${namespace}`
        : `${endpoint} does not spell an IP address`
    case 'empty-service-ignored':
      return `${service} has no ready endpoint and the option ignore empty_service hides it`
    case 'not-headless':
      return `${service} is not headless: it has no names for zones`
  }
}

/** What goes beyond the reason itself. */
function furtherTexts(fact: ClusterFact): string[] {
  const { rule, service, families, qtype } = fact
  const found: string[] = []
  if (rule === 'no-data') {
    const [family] = families ?? []
    if (family !== undefined && families?.length === 1) found.push(familyText(fact, family))
    else if (service?.type === 'ExternalName')
      found.push(
        `${serviceText(service)} is of type ExternalName: it has a CNAME, which only A, AAAA and CNAME lead to`
      )
    else if (qtype === 'SRV' && service?.ports?.length === 0)
      found.push(`${serviceText(service)} has no ports`)
  }
  if (rule === 'no-such-port' && service !== undefined) found.push(...portTexts(fact, service))
  if (rule === 'external-name') found.push(...chainTexts(fact))
  if (service?.endpoints !== undefined && fact.option !== 'noendpoints')
    found.push(...endpointTexts(fact, service, service.endpoints))
  found.push(...hintTexts(fact))
  if (rule === 'namespace-not-exposed') found.push(`add it to that line to have its names answered`)
  if (rule === 'pods-disabled') found.push('pods insecure or pods verified answers them')
  if (rule === 'not-synced') found.push('ask again when /ready says so')
  return found
}

function familyText({ service, qtype }: ClusterFact, family: 'IPv4' | 'IPv6'): string {
  const what = service === undefined ? 'the address' : serviceText(service)
  const type = family === 'IPv4' ? 'A' : 'AAAA'
  return service === undefined
    ? `${what} is an ${family} address: ask for ${type}, not ${qtype}`
    : `${what} has ${family} addresses only: ask for ${type}, or make it dual-stack (ipFamilyPolicy: PreferDualStack)`
}

function portTexts({ port = '' }: ClusterFact, service: ServiceFact): string[] {
  const ports = service.ports ?? []
  if (ports.length === 0) return [`it has no ports at all, so no SRV name exists below it`]
  const unnamed = ports.filter(each => !each.includes(' '))
  const listed = `its ports are ${ports.join(', ')}`
  if (unnamed.length === 0) return [listed]
  const [first = ''] = unnamed
  const name = port === '' ? 'a name' : `the name ${port}`
  return [
    `port ${first} has no name, so no SRV name leads to it: give it ${name}`,
    ...(unnamed.length < ports.length ? [listed] : [])
  ]
}

function chainTexts({ chain, chainEnd, service, qtype }: ClusterFact): string[] {
  const target = plain(service?.target ?? '')
  const steps = (chain === undefined || chain.length === 0 ? [target] : chain).map(plain).join(' -> ')
  if (chainEnd === undefined) return target === '' ? [] : [`it leads to ${target}`]
  switch (chainEnd) {
    case 'records':
      return [`it leads to ${steps}, which has these records`]
    case 'outside':
      return [`it leads to ${steps}, outside of this zone: the answer is whatever was found there`]
    case 'nothing':
      return [
        `it leads to ${steps}, and there is no ${qtype} record there: the CNAME is left out too, as in CoreDNS`
      ]
    case 'below':
      return [
        `it leads to ${target}, which is the name itself or lies below it: such a Service is passed over`
      ]
    case 'loop':
      return [`it leads to ${steps} and back again: a circle has no answer`]
    case 'too-long':
      return [`it leads to more than ${chain?.length ?? 0} names in a row: the chain is too long`]
  }
}

function endpointTexts(fact: ClusterFact, service: ServiceFact, endpoints: EndpointsFact): string[] {
  const { ready, notReady = 0, notReadyNames = [] } = endpoints
  const isMissing = fact.rule === 'no-ready-endpoint' || fact.rule === 'empty-service-ignored'
  if (ready > 0 || !(isMissing || fact.rule === 'service' || fact.rule === 'no-such-endpoint')) return []
  const opening = fact.rule === 'service' ? 'nothing answers there: ' : ''
  if (notReady > 0) {
    const names = listText(notReadyNames, notReady)
    return [`${opening}not ready: ${names}`]
  }
  if (endpoints.notReady === undefined) return opening === '' ? [] : ['it has no ready endpoint']
  if (service.selector === undefined) return opening === '' ? [] : ['it has no ready endpoint']
  if (service.selector === '') return [`${opening}it has no selector, and no EndpointSlice was made for it`]
  return [`${opening}its selector ${service.selector} matches ${matchingText(endpoints)}`]
}

/** Slices have the Pods that have an address, ready or not; of others nothing is known without the Pods themselves. */
function matchingText({ matching, matchingNames = [] }: EndpointsFact): string {
  if (matching === undefined) return 'no Pod that has an address'
  if (matching === 0) return 'no Pod'
  return `${listText(matchingNames, matching)}, and ${matching === 1 ? 'it is no endpoint' : 'none of them is an endpoint'} yet`
}

function hintTexts({ elsewhere = [], didYouMean, pod, workload }: Hints): string[] {
  const found: string[] = []
  if (pod !== undefined) found.push(podText(pod))
  if (workload !== undefined) found.push(workloadText(workload))
  if (elsewhere.length > 0)
    found.push(
      `${elsewhere.length === 1 ? 'this exists' : 'these exist'}: ${elsewhere.map(plain).join(', ')}`
    )
  if (didYouMean !== undefined) found.push(`did you mean ${plain(didYouMean)}?`)
  return found
}

function podText({ namespace, name, names, lacks }: PodFact): string {
  const subject = `Pod ${namespace}/${name}`
  const known = names.length === 0 ? '' : `: its name is ${names.map(plain).join(' or ')}`
  if (lacks === undefined)
    return names.length === 0 ? `${subject} has no name in DNS` : `${subject} exists${known}`
  switch (lacks) {
    case 'readiness':
      return `${subject} is not ready`
    case 'hostname':
      return `${subject} has no hostname and subdomain${known}`
    case 'headless':
      return `${subject} has no name of its own here, since the Service is not headless${known}`
    case 'address':
      return `${subject} has no address yet`
    case 'life':
      return `${subject} has ended`
    case 'selector':
      return `${subject} exists and is no endpoint of this Service${known}`
  }
}

function workloadText({ namespace, name, pods, labels }: WorkloadFact): string {
  const selector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
  const count = pods === 1 ? '1 Pod' : `${pods} Pods`
  return `${count} of ${namespace}/${name} ${pods === 1 ? 'runs' : 'run'}, and no Service selects ${pods === 1 ? 'it' : 'them'}: make a Service ${name} with the selector ${selector}`
}

function keptText({ ageSeconds, leftSeconds }: KeptFact): string {
  if (ageSeconds === undefined || leftSeconds === undefined)
    return 'the answer was kept from an earlier query'
  const rest = leftSeconds > 0 ? `${leftSeconds} s left` : `its time was over ${-leftSeconds} s ago`
  return `the answer was kept from an earlier query, ${ageSeconds} s ago (${rest})`
}

function searchText(fact: SearchFact): string {
  const { path = '', found = '', tried, because = 'nothing-found' } = fact
  if (fact.rule === 'taken') return `autopath looked up ${tried} names and found ${plain(found)}`
  switch (because) {
    case 'other-zone':
      return 'autopath is not for this zone'
    case 'unknown-client':
      return "autopath was not taken: no Pod that is watched has the client's address"
    case 'outside-path':
      if (path === '') return 'autopath was not taken: no search path makes names of this form'
      return `autopath was not taken: the name does not end in ${plain(path)}, which the client's search path begins with`
    case 'unknown-namespace':
      return 'autopath was not taken: there is no such namespace, so no Pod has that search path'
    case 'may-be-meant':
      return 'autopath was not taken: a client may mean this very name'
    case 'bare-path':
      return `autopath was not taken: the name is ${plain(path)} itself, which the client's search path begins with`
    case 'first-name-exists':
      return 'autopath was not taken: the name exists as it was asked for'
    case 'failed':
      return `autopath looked up ${tried} names, and the lookup of ${plain(found)} failed`
    case 'nothing-found':
      return `autopath looked up ${tried} names and found none of them`
  }
}

function forwardText({ rule, upstream, rcode = '', milliseconds, cause = '' }: ForwardFact): string {
  const time = `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
  if (rule === 'forwarded') return `forwarded to ${upstream ?? ''}, which said ${rcode} after ${time}`
  return upstream === undefined
    ? `could not be forwarded: ${cause}`
    : `forwarded to ${upstream}, which did not answer: ${cause} after ${time}`
}

function inClusterTexts({ name, names, because }: InClusterFact): string[] {
  const [first = ''] = names
  const exists = `${names.length === 1 ? 'this exists in the cluster' : 'these exist in the cluster'}: ${names.map(plain).join(', ')}`
  switch (because) {
    case 'unqualified':
      return [exists, `${name} was asked without the rest of the name and so left the cluster`]
    case 'suffixed':
      return [
        exists,
        `something stands behind it in ${name}: a search domain was added, and the name left the cluster`
      ]
    case 'other-zone':
      return [exists, `${name} is not in ${zoneOf(first)}, and so left the cluster`]
  }
}

const zoneOf = (name: string): string => plain(name.slice(name.indexOf('.svc.') + 5))

/** Without the last dot. */
const plain = (name: string): string => (name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name)

const serviceText = (service: ServiceFact | undefined): string =>
  service === undefined ? 'the Service' : `${service.kind} ${service.namespace}/${service.name}`

/** What an option left out is not known here: it can't be told from what isn't there. */
const selectedBy = (option: ClusterFact['option']): string =>
  option === 'labels' || option === 'namespace_labels' ? ` that the option ${option} selects` : ''

const unwatched = (option: ClusterFact['option']): string =>
  option === 'noendpoints' ? ': the option noendpoints leaves them out' : ''

/** ` named http over tcp`; an empty word means any. */
const portText = (port: string, protocol: string): string =>
  `${port === '' ? '' : ` named ${port}`}${protocol === '' ? '' : ` over ${protocol}`}`

function listText(names: readonly string[], count: number): string {
  const more = count - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

// Pods of an API server, asked for one at a time: with whatever rights the person has, and nothing that is not needed.
import { ApiError, asMap, asText } from '../../cluster/kube-api/api-error.ts'
import { ApiClient } from '../../cluster/kube-api/client.ts'
import type { ApiConnection } from '../../cluster/kube-api/connection.ts'
import type { AskedResource } from '../../cluster/kube-api/resources.ts'
import type { ContainerPort } from '../../cluster/apps/app-objects.ts'
import { podTemplate } from '../../cluster/apps/trim-pod-template.ts'
import { Fields } from '../../cluster/fields.ts'
import { podDnsIn } from '../../cluster/manifests/pod-dns-in.ts'
import type { ClusterObject } from '../../cluster/objects.ts'
import type { WorkloadFact } from '../../dns/facts.ts'
import { systemGets } from '../../runtime/http-gets.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { OnceSources } from '../loaded-state.ts'
import { buildInfo } from '../version.ts'
import { PodDnsMistake, type PodKind } from './from.ts'
import { BETWEEN, ManifestPods, type FoundPod, type PodSource } from './pod-source.ts'

/** Objects that are looked through: for a workload's Pods, and for names that may have been meant. */
const LISTED_MAX = 500
/** Octets of an answer: so many large objects. */
const OCTETS_MAX = 64 << 20
/** For all of one answer. */
const ANSWER_MS = 10_000

const KINDS: Readonly<Record<PodKind, { readonly name: string; readonly group: string }>> = {
  Pod: { name: 'pods', group: '' },
  ReplicationController: { name: 'replicationcontrollers', group: '' },
  Deployment: { name: 'deployments', group: 'apps' },
  StatefulSet: { name: 'statefulsets', group: 'apps' },
  DaemonSet: { name: 'daemonsets', group: 'apps' },
  ReplicaSet: { name: 'replicasets', group: 'apps' },
  Job: { name: 'jobs', group: 'batch' },
  CronJob: { name: 'cronjobs', group: 'batch' }
}

type Raw = Readonly<Record<string, unknown>>

/** The Pods of these sources, from manifests and from API servers. */
export function podsOf(sources: OnceSources, objects: readonly ClusterObject[], runtime: Runtime): PodSource {
  const manifests = new ManifestPods(sources, objects)
  const servers = sources.servers.map(connection => new ApiPods(connection, runtime))
  if (servers.length === 0) return manifests
  return new JoinedPods(sources.all.length === 0 ? servers : [manifests, ...servers])
}

/** The first that has a Pod is right. */
class JoinedPods implements PodSource {
  readonly #all: readonly PodSource[]

  constructor(all: readonly PodSource[]) {
    this.#all = all
  }

  async find(kind: PodKind, namespace: string, name: string): Promise<FoundPod | undefined> {
    for (const each of this.#all) {
      const found = await each.find(kind, namespace, name)
      if (found !== undefined) return found
    }
    return undefined
  }

  async paths(kind: PodKind): Promise<readonly string[]> {
    return [...new Set((await Promise.all(this.#all.map(each => each.paths(kind)))).flat())].sort()
  }

  async written(kind: PodKind): Promise<readonly string[]> {
    return (await Promise.all(this.#all.map(each => each.written(kind)))).flat()
  }
}

/** Rejects with PodDnsMistake where the server refuses, with the rule that is missing. */
export class ApiPods implements PodSource {
  readonly #connection: ApiConnection
  readonly #runtime: Runtime
  readonly #paths = new Map<PodKind, Promise<readonly string[]>>()

  constructor(connection: ApiConnection, runtime: Runtime) {
    this.#connection = connection
    this.#runtime = runtime
  }

  async find(kind: PodKind, namespace: string, name: string): Promise<FoundPod | undefined> {
    const raw = await this.#object(kind, namespace, name)
    if (raw === undefined) return undefined
    if (kind === 'Pod') return foundPod('Pod', namespace, name, raw)
    const pod = await this.#firstPod(kind, namespace, name, raw)
    if (pod !== undefined) return foundPod('Pod', namespace, nameOf(pod), pod)
    const template = foundPod(kind, namespace, '', raw)
    return template === undefined ? undefined : { ...template, uid: '' }
  }

  /** Of the first so many; empty where they may not be listed: they are for hints alone. */
  paths(kind: PodKind): Promise<readonly string[]> {
    const known = this.#paths.get(kind)
    if (known !== undefined) return known
    const paths = this.#items(resourceOf(kind), {})
      .then(items =>
        items.map(item => `${asText(asMap(item['metadata'])['namespace'])}/${nameOf(item)}`).sort()
      )
      .catch(() => [])
    this.#paths.set(kind, paths)
    return paths
  }

  /** Nobody can tell which Pods were written by hand, and nobody asks. */
  written(): Promise<readonly string[]> {
    return Promise.resolve([])
  }

  /** Of the first Pod with these labels; empty where there is none, or it may not be read. */
  async ports(
    namespace: string,
    labels: Readonly<Record<string, string>>
  ): Promise<readonly ContainerPort[]> {
    const labelSelector = equalText(labels)
    const pods = { ...resourceOf('Pod'), namespace, verbs: 'list' }
    const [pod] = await this.#items(pods, { labelSelector }, 1).catch(() => [])
    if (pod === undefined) return []
    const root = new Fields(pod, [])
    return podTemplate(root.map('metadata'), root.map('spec')).ports
  }

  async #object(kind: PodKind, namespace: string, object: string): Promise<Raw | undefined> {
    try {
      return asMap(await this.#ask({ ...resourceOf(kind), namespace, object, verbs: 'get' }, {}))
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined
      throw mistake(error)
    }
  }

  /** The first of a workload's Pods, as their names count up. */
  async #firstPod(kind: PodKind, namespace: string, name: string, workload: Raw): Promise<Raw | undefined> {
    const labelSelector = selectorText(asMap(asMap(workload['spec'])['selector']), kind)
    const pods = { ...resourceOf('Pod'), namespace, verbs: 'list' }
    const query = labelSelector === '' ? {} : { labelSelector }
    const items = await this.#items(pods, query).catch((error: unknown) => {
      throw mistake(error)
    })
    const own = items.filter(item => isOwnedBy(item, kind, name))
    const before = (a: string, b: string) => a.length - b.length || (a < b ? -1 : 1)
    return own.sort((a, b) => before(nameOf(a), nameOf(b)))[0]
  }

  async #items(
    resource: AskedResource,
    query: Readonly<Record<string, string>>,
    limit = LISTED_MAX
  ): Promise<readonly Raw[]> {
    const { items } = asMap(await this.#ask(resource, { ...query, limit: String(limit) }))
    return Array.isArray(items) ? items.map(asMap) : []
  }

  async #ask(resource: AskedResource, query: Readonly<Record<string, string>>): Promise<unknown> {
    const { clock } = this.#runtime
    const gets = systemGets()
    const late = new AbortController()
    const timer = clock.after(ANSWER_MS, () => {
      late.abort(new ApiError('silent', `${client.server} did not answer within ${ANSWER_MS / 1000} s`))
    })
    const client = new ApiClient({ connection: this.#connection, gets, clock, version: buildInfo().version })
    try {
      const chunks: Buffer[] = []
      let octets = 0
      for await (const chunk of await client.ask({ resource, query, signal: late.signal })) {
        octets += chunk.length
        if (octets > OCTETS_MAX)
          throw new ApiError(
            'too-large',
            `${client.server} sent over ${OCTETS_MAX} octets of ${resource.name}`
          )
        chunks.push(chunk)
      }
      try {
        return JSON.parse(Buffer.concat(chunks).toString('utf8'))
      } catch {
        throw new ApiError('not-json', `${client.server} sent ${resource.name} that are no JSON`)
      }
    } finally {
      timer.cancel()
      gets.close()
    }
  }
}

const resourceOf = (kind: PodKind): AskedResource => ({ ...KINDS[kind], version: 'v1' })
const nameOf = (raw: Raw): string => asText(asMap(raw['metadata'])['name'])

const mistake = (error: unknown): unknown =>
  error instanceof ApiError ? new PodDnsMistake(error.message) : error

function foundPod(kind: PodKind, namespace: string, name: string, raw: Raw): FoundPod | undefined {
  const { group } = KINDS[kind]
  const written = podDnsIn(kind, group === '' ? 'v1' : `${group}/v1`, raw)
  if (written === undefined) return undefined
  const { uid, spec, flaws } = written
  const podIP = kind === 'Pod' ? asText(asMap(raw['status'])['podIP']) : ''
  const labels = labelsIn(kind, raw)
  return { namespace, name, uid, spec, flaws, labels, ...(podIP === '' ? {} : { address: podIP }) }
}

/** Of the Pod, or of the template. */
function labelsIn(kind: PodKind, raw: Raw): Readonly<Record<string, string>> {
  const spec = asMap(raw['spec'])
  const made = kind === 'CronJob' ? asMap(asMap(spec['jobTemplate'])['spec']) : spec
  const { metadata } = kind === 'Pod' ? raw : asMap(made['template'])
  return new Fields(asMap(metadata), []).textsOf('labels')
}

/**
 * The ports of the containers of the first Pod that has these labels; empty where the servers don't tell: it is for a
 * manifest that a person completes.
 */
export async function portsFrom(
  servers: readonly ApiConnection[],
  { namespace, labels }: Pick<WorkloadFact, 'namespace' | 'labels'>,
  runtime: Runtime
): Promise<readonly ContainerPort[]> {
  for (const connection of servers) {
    const ports = await new ApiPods(connection, runtime).ports(namespace, labels)
    if (ports.length > 0) return ports
  }
  return []
}

/** Whether the Pod is the workload's, or of what the workload made. */
function isOwnedBy(pod: Raw, kind: PodKind, name: string): boolean {
  const references = asMap(pod['metadata'])['ownerReferences']
  if (!Array.isArray(references)) return false
  const owner = references.map(asMap).find(each => each['controller'] === true) ?? {}
  const [ownerKind, ownerName] = [asText(owner['kind']), asText(owner['name'])]
  if (ownerKind === kind) return ownerName === name
  // What stands between is called after the workload, with one more part.
  return ownerKind === BETWEEN[kind] && ownerName.slice(0, Math.max(0, ownerName.lastIndexOf('-'))) === name
}

/** A workload's selector as a query has it; empty for CronJobs, which have none. */
function selectorText(selector: Raw, kind: PodKind): string {
  if (kind === 'ReplicationController') return equalText(selector)
  const { matchExpressions } = selector
  const expressions = Array.isArray(matchExpressions) ? matchExpressions.map(asMap) : []
  const equal = equalText(asMap(selector['matchLabels']))
  return [...(equal === '' ? [] : [equal]), ...expressions.flatMap(expressionText)].join(',')
}

const equalText = (labels: Raw): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${asText(value)}`)
    .join(',')

function expressionText({ key, operator, values }: Raw): string[] {
  const list = Array.isArray(values) ? `(${values.map(asText).join(',')})` : '()'
  switch (operator) {
    case 'In':
      return [`${asText(key)} in ${list}`]
    case 'NotIn':
      return [`${asText(key)} notin ${list}`]
    case 'Exists':
      return [asText(key)]
    case 'DoesNotExist':
      return [`!${asText(key)}`]
    default:
      return []
  }
}

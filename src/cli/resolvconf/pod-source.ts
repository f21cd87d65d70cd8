// Where Pods' own words on DNS come from: the index keeps none of them.
import type { WrittenPodDns } from '../../cluster/manifests/pod-dns-in.ts'
import type { ClusterObject, Pod } from '../../cluster/objects.ts'
import { ORDINARY_SPEC, type PodDnsSpec } from '../../pod-dns/pod-dns.ts'
import type { OnceSources } from '../loaded-state.ts'
import { POD_KINDS, type PodKind } from './from.ts'

export interface FoundPod {
  readonly namespace: string
  /** Empty: a workload without Pods, whose template is taken. */
  readonly name: string
  /** Empty: not known. */
  readonly uid: string
  readonly spec: PodDnsSpec
  /** What an API server would refuse of it. */
  readonly flaws: readonly string[]
  /** The Pod's own; undefined: not known, or in the objects. */
  readonly address?: string
  /** The Pod's own, or its template's; undefined: not known, or in the objects. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Pods of a state, however that is had. */
export interface PodSource {
  /** The Pod, or the first Pod of a workload; undefined: there is no such object. */
  find(kind: PodKind, namespace: string, name: string): Promise<FoundPod | undefined>
  /** `shop/web-0`: all objects of a kind. */
  paths(kind: PodKind): Promise<readonly string[]>
  /** The same without Pods that a workload makes. */
  written(kind: PodKind): Promise<readonly string[]>
}

/** The DNS's own Pods, which every simulated cluster has: they must not ask themselves. */
const DNS_POD: PodDnsSpec = { ...ORDINARY_SPEC, dnsPolicy: 'Default' }

/** Pods of manifests, as they are and simulated. */
export class ManifestPods implements PodSource {
  readonly #sources: OnceSources
  readonly #objects: readonly ClusterObject[]

  constructor(sources: OnceSources, objects: readonly ClusterObject[]) {
    this.#sources = sources
    this.#objects = objects
  }

  find(kind: PodKind, namespace: string, name: string): Promise<FoundPod | undefined> {
    return Promise.resolve(
      kind === 'Pod' ? this.#pod(namespace, name) : this.#firstPodOf(kind, namespace, name)
    )
  }

  paths(kind: PodKind): Promise<readonly string[]> {
    const paths = new Set<string>()
    const add = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
      void paths.add(`${namespace}/${name}`)
    if (kind === 'Pod') for (const object of this.#objects) if (object.kind === 'Pod') add(object)
    for (const source of this.#sources.all) {
      for (const each of source.podDnsNames()) if (each.kind === kind) add(each)
    }
    return Promise.resolve([...paths].sort())
  }

  written(kind: PodKind): Promise<readonly string[]> {
    const paths = new Set<string>()
    for (const source of this.#sources.all) {
      for (const { kind: own, namespace, name } of source.podDnsNames()) {
        if (own === kind) paths.add(`${namespace}/${name}`)
      }
    }
    return Promise.resolve([...paths].sort())
  }

  #pod(namespace: string, name: string): FoundPod | undefined {
    const written = this.#written('Pod', namespace, name)
    if (written !== undefined) return foundPod(namespace, name, written)
    const isIt = (object: ClusterObject): object is Pod =>
      object.kind === 'Pod' && object.namespace === namespace && object.name === name
    const pod = this.#objects.find(isIt)
    return pod === undefined ? undefined : this.#simulated(pod)
  }

  #simulated(pod: Pod): FoundPod {
    const { namespace, name } = pod
    for (const plane of this.#sources.controlPlanes) {
      const from = plane.madeFrom(pod)
      const written = from === undefined ? undefined : this.#written(from.kind, from.namespace, from.name)
      // It is another Pod than any that the workload once had.
      if (written !== undefined) return { ...foundPod(namespace, name, written), uid: '' }
    }
    return { namespace, name, uid: '', spec: DNS_POD, flaws: [] }
  }

  #firstPodOf(kind: PodKind, namespace: string, name: string): FoundPod | undefined {
    for (const plane of this.#sources.controlPlanes) {
      for (const { pod, owner } of plane.pods()) {
        if (owner?.kind === kind && owner.namespace === namespace && owner.name === name) {
          return this.#simulated(pod)
        }
      }
    }
    const [pod] = this.#podsOwnedBy(kind, namespace, name)
    if (pod !== undefined) return this.#pod(namespace, pod)
    const template = this.#written(kind, namespace, name)
    return template === undefined ? undefined : { ...foundPod(namespace, '', template), uid: '' }
  }

  /** Names of the Pods that a workload made in the cluster that they were copied from, as they count up. */
  #podsOwnedBy(kind: PodKind, namespace: string, name: string): string[] {
    const found = new Set<string>()
    for (const source of this.#sources.all) {
      for (const each of source.podDnsNames()) {
        if (each.kind !== 'Pod' || each.namespace !== namespace) continue
        const { owner } = source.podDns('Pod', namespace, each.name) ?? {}
        if (owner !== undefined && this.#isOwnedBy(owner, kind, namespace, name)) found.add(each.name)
      }
    }
    return [...found].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  }

  #isOwnedBy(
    owner: { readonly kind: string; readonly name: string },
    kind: PodKind,
    namespace: string,
    name: string
  ): boolean {
    if (owner.kind === kind) return owner.name === name
    const between = BETWEEN[kind]
    if (between !== owner.kind) return false
    const middle = this.#written(owner.kind, namespace, owner.name)
    if (middle !== undefined) return middle.owner?.kind === kind && middle.owner.name === name
    // Manifests often have the Pods without what stands between: its name is the workload's with one more part.
    return owner.name.slice(0, Math.max(0, owner.name.lastIndexOf('-'))) === name
  }

  #written(kind: string, namespace: string, name: string): WrittenPodDns | undefined {
    for (const source of this.#sources.all) {
      const written = source.podDns(kind, namespace, name)
      if (written !== undefined) return written
    }
    return undefined
  }
}

/** What a workload's Pods belong to, where it isn't the workload itself. */
export const BETWEEN: Partial<Record<PodKind, string>> = { Deployment: 'ReplicaSet', CronJob: 'Job' }

const foundPod = (namespace: string, name: string, { uid, spec, flaws }: WrittenPodDns): FoundPod => ({
  ...{ namespace, name, uid, spec, flaws }
})

/** Other objects that may have been meant, as `--from` takes them: at most three. */
export async function suggestions(
  pods: PodSource,
  wanted: { readonly kind: PodKind; readonly namespace: string; readonly name: string },
  nearest: (word: string, known: Iterable<string>) => string | undefined
): Promise<readonly { readonly kind: PodKind; readonly path: string }[]> {
  const path = `${wanted.namespace}/${wanted.name}`
  const found: { kind: PodKind; path: string }[] = []
  const add = (kind: PodKind, path: string) => {
    if (!found.some(each => each.kind === kind && each.path === path)) found.push({ kind, path })
  }
  const own = await pods.paths(wanted.kind)
  // A workload's name instead of a Pod's, and the other way round.
  for (const kind of POD_KINDS) {
    if (kind !== wanted.kind && (await pods.paths(kind)).includes(path)) add(kind, path)
  }
  for (const each of own) if (each.startsWith(`${path}-`)) add(wanted.kind, each)
  for (const each of own) if (each.endsWith(`/${wanted.name}`)) add(wanted.kind, each)
  const near = nearest(path, own.slice(0, COMPARED_MAX))
  if (near !== undefined) add(wanted.kind, near)
  return found.slice(0, 3)
}

const COMPARED_MAX = 20_000

// What a person is told when something they wrote has changed.
import type { AppObject, AppPod, AppService, Workload } from './app-objects.ts'
import type { PodEntry } from './pod-entry.ts'
import { ingressOf, type ServiceEntry } from './service-entry.ts'

/** What was known of a written object after it was settled, as far as notes tell of it. */
export interface Summary {
  /** Cluster IPs, a Pod's address, the name that an ExternalName stands for; empty when it has none. */
  readonly address: string
  /** Addresses of a load balancer. */
  readonly ingress: string
  readonly ports: string
  /** Names of its Pods, in order; of a Service: those behind it. */
  readonly pods: readonly string[]
  readonly ready: number
}

/** Names that are told one by one. */
const NAMES_MAX = 3

export function summaryOfService(entry: ServiceEntry, ready: number): Summary {
  const { object } = entry
  let address = [...entry.families].flatMap(family => entry.clusterIPs.get(family) ?? []).join(', ')
  if (object.type === 'ExternalName') address = object.externalName
  else if (object.clusterIPs[0] === 'None') address = 'headless'
  if (entry.problem !== undefined) address = ''
  return {
    address,
    ingress: ingressOf(entry).join(', '),
    ports: object.ports.map(portText).join(', '),
    pods: [],
    ready
  }
}

export function summaryOfPods(object: Workload | AppPod, pods: readonly PodEntry[]): Summary {
  return {
    address: object.kind === 'AppPod' ? (pods[0]?.podIPs.join(', ') ?? '') : '',
    ingress: '',
    ports: '',
    pods: pods.map(pod => pod.name),
    ready: pods.filter(pod => pod.ready).length
  }
}

/**
 * The text for a change from one state to another; `undefined` when there is nothing to tell.
 * `written`: the object itself was changed, not only what follows from others.
 */
export function noteOf(
  object: AppObject,
  before: Summary | undefined,
  after: Summary | undefined,
  written: boolean
): string | undefined {
  if (after === undefined) return before === undefined ? undefined : 'gone'
  if (before === undefined) return added(object, after)
  const parts: string[] = []
  if (before.address !== after.address) parts.push(arrow(before.address, after.address))
  if (before.ingress !== after.ingress) parts.push(`load balancer ${arrow(before.ingress, after.ingress)}`)
  if (before.ports !== after.ports) parts.push(`ports ${arrow(before.ports, after.ports)}`)
  if (object.kind === 'Workload') parts.push(...podParts(before.pods, after.pods))
  if (object.kind !== 'Workload' || before.pods.length === after.pods.length) {
    const what = object.kind === 'AppService' ? 'endpoints' : 'ready'
    if (before.ready !== after.ready && (written || object.kind !== 'AppService')) {
      parts.push(`${what} ${before.ready} → ${after.ready}`)
    }
  } else if (after.ready !== after.pods.length) parts.push(`${after.ready} ready`)
  if (parts.length === 0) return written ? 'changed' : undefined
  return parts.join(', ')
}

function added(object: AppObject, after: Summary): string {
  if (object.kind === 'Workload') {
    const count = after.pods.length
    const pods = count === 1 ? (after.pods[0] as string) : `${count} Pods`
    return after.ready === count ? `added, ${pods}` : `added, ${pods}, ${after.ready} ready`
  }
  return after.address === '' ? 'added' : `added, ${addedAddress(object, after)}`
}

function addedAddress(object: AppService | AppPod, after: Summary): string {
  return after.ingress === '' || object.kind === 'AppPod'
    ? after.address
    : `${after.address}, load balancer ${after.ingress}`
}

/** `3 → 2, db-2 gone`. */
function podParts(before: readonly string[], after: readonly string[]): string[] {
  const had = new Set(before)
  const has = new Set(after)
  const parts: string[] = []
  if (before.length !== after.length) parts.push(`${before.length} → ${after.length}`)
  const gone = before.filter(name => !has.has(name))
  const fresh = after.filter(name => !had.has(name))
  if (gone.length > 0) parts.push(`${named(gone)} gone`)
  if (fresh.length > 0) parts.push(`${named(fresh)} new`)
  return parts
}

function named(names: readonly string[]): string {
  return names.length > NAMES_MAX ? String(names.length) : names.join(', ')
}

function arrow(before: string, after: string): string {
  return `${before || 'none'} → ${after || 'none'}`
}

function portText(port: AppService['ports'][number]): string {
  const target = port.targetPort === undefined || port.targetPort === port.port ? '' : `→${port.targetPort}`
  return `${port.port}${target}/${port.protocol || 'TCP'}`
}

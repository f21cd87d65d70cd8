// What a cluster would refuse or leave undone, and a person should know.
import type { AppPod, Workload } from './app-objects.ts'
import { missingPortNames } from './endpoints.ts'
import { nameOf } from './keys.ts'
import type { PodEntry } from './pod-entry.ts'
import { PODS_OF_WORKLOAD_MAX } from './pods.ts'
import type { ServiceEntry } from './service-entry.ts'
import type { SimulatedProblem } from './simulated.ts'

/** `pods`: those that the selector finds; undefined when none are looked for. */
export function serviceProblems(
  entry: ServiceEntry,
  pods: readonly PodEntry[] | undefined
): SimulatedProblem[] {
  const { object, problem, warning, builtIn } = entry
  const subject = nameOf(object)
  if (problem !== undefined) return [{ level: 'error', subject, text: problem }]
  const texts = warning === undefined ? [] : [warning]
  if (pods !== undefined && !builtIn) {
    if (pods.length === 0) {
      const labels = Object.entries(object.selector ?? {}).map(([key, value]) => `${key}=${value}`)
      const found = `no Pod in namespace ${object.namespace} has the labels ${labels.join(', ')}`
      texts.push(`spec.selector: ${found}, so it has no endpoints`)
    } else {
      for (const name of missingPortNames(object, pods)) {
        const found = `none of the ${pods.length} selected Pods has a container port named "${name}"`
        texts.push(`spec.ports: targetPort: ${found}, so that port has no endpoints`)
      }
    }
  }
  return texts.map(text => ({ level: 'warning', subject, text }))
}

/** What was found when a workload's Pods were made. */
export interface Making {
  /** Pods that got no address. */
  readonly without: number
  readonly ranges: readonly string[]
  readonly nodes: number
  /** Whether the Service that it names is there. */
  readonly governed: boolean
}

export function podProblems(object: Workload | AppPod, making: Making): SimulatedProblem[] {
  const problems: SimulatedProblem[] = []
  const subject = nameOf(object)
  if (making.without > 0) {
    const who = object.kind === 'AppPod' ? 'it has' : `${making.without} of its Pods have`
    const text = `${who} no address: no more are free in ${making.ranges.join(' and ')}; --pod-cidr sets a larger range`
    problems.push({ level: 'error', subject, text })
  }
  if (object.kind === 'AppPod') return problems
  const wanted = object.replicas < 0 ? making.nodes : object.replicas
  if (wanted > PODS_OF_WORKLOAD_MAX) {
    const text = `wants ${wanted} Pods; the first ${PODS_OF_WORKLOAD_MAX} are simulated`
    problems.push({ level: 'warning', subject, text })
  }
  if (object.serviceName !== '' && !making.governed) {
    const text =
      `spec.serviceName: there is no Service ${object.serviceName} in namespace ${object.namespace}, ` +
      'so its Pods have no names of their own'
    problems.push({ level: 'warning', subject, text })
  }
  return problems
}

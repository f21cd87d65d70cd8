// Workloads: whatever makes Pods from a template.
import type { Fields } from '../fields.ts'
import { trimmed, type Trim } from '../trim.ts'
import type { Workload, WorkloadKind } from './app-objects.ts'
import { appMetadata, count, labels, ruled } from './trim-fields.ts'
import { podTemplate } from './trim-pod-template.ts'
import { cronJobName, invalid, label, required, subdomain, unsupported } from './trim-rules.ts'
import { isEmptySelector, selects, writtenSelector, type WrittenSelector } from './trim-selector.ts'

type Labels = Readonly<Record<string, string>>

/** Cuts a workload of one kind down; its result is undefined when an API server would refuse it. */
export function trimWorkload(kind: WorkloadKind): Trim<Workload> {
  return (raw, flaws) =>
    trimmed(raw, flaws, root => {
      const metadata = appMetadata(root, kind === 'CronJob' ? cronJobName : subdomain)
      const spec = root.map('spec')
      if (kind === 'CronJob') checkSchedule(spec)
      const owner = kind === 'CronJob' ? spec.map('jobTemplate').map('spec') : spec
      const template = owner.map('template')
      const selector = selectorOf(kind, owner)
      const pods = podTemplate(template.map('metadata'), template.map('spec'))
      if (selector !== undefined && !selects(selector, pods.labels)) {
        template.error(
          ['metadata', 'labels'],
          invalid(pods.labels, '`selector` does not match template `labels`')
        )
      }
      checkRestartPolicy(kind, template.map('spec'))
      return {
        kind: 'Workload',
        workload: kind,
        ...metadata,
        replicas: replicas(kind, owner),
        start: kind === 'StatefulSet' ? (count(spec.map('ordinals'), 'start') ?? 0) : 0,
        serviceName: kind === 'StatefulSet' ? ruled(spec, 'serviceName', label) : '',
        template: pods
      }
    })
}

/** The selector, as far as it is a person's to write. */
function selectorOf(kind: WorkloadKind, spec: Fields): WrittenSelector | undefined {
  if (kind === 'Job' || kind === 'CronJob') return undefined
  if (kind === 'ReplicationController') {
    // It takes the template's labels when it has none.
    const matchLabels = labels(spec, 'selector')
    const isEmpty = Object.keys(matchLabels).length === 0
    if (isEmpty && Object.keys(templateLabels(spec)).length === 0) spec.error(['selector'], required())
    return isEmpty ? undefined : { matchLabels, matchExpressions: [] }
  }
  if (!spec.has('selector')) {
    spec.error(['selector'], required(adviceOnSelector(templateLabels(spec))))
    return undefined
  }
  const selector = writtenSelector(spec, 'selector')
  if (!isEmptySelector(selector)) return selector
  // Labels right under `selector` are what a Service has.
  const written = spec.textsOf('selector')
  const advice = Object.keys(written).length === 0 ? '' : ` (write these labels under matchLabels)`
  const words = `empty selector is invalid for ${EMPTY_FOR[kind]}${advice}`
  spec.error(['selector'], invalid(written, words))
  return undefined
}

/** ReplicaSets are called deployments in this message. */
const EMPTY_FOR: Readonly<Record<string, string>> = {
  Deployment: 'deployment',
  ReplicaSet: 'deployment',
  StatefulSet: 'statefulset',
  DaemonSet: 'daemonset'
}

function adviceOnSelector(owned: Labels): string {
  const [first] = Object.entries(owned)
  return first === undefined ? '' : `write matchLabels: {${first[0]}: ${first[1]}}, as the template has`
}

/** The template's labels as they are, before they are judged. */
function templateLabels(spec: Fields): Labels {
  return spec.map('template').map('metadata').textsOf('labels')
}

function replicas(kind: WorkloadKind, spec: Fields): number {
  if (kind === 'CronJob') return 0
  if (kind === 'DaemonSet') return -1
  if (kind !== 'Job') return count(spec, 'replicas') ?? 1
  const parallelism = count(spec, 'parallelism') ?? 1
  const completions = count(spec, 'completions') ?? parallelism
  return spec.boolean('suspend') === true ? 0 : Math.min(parallelism, completions)
}

function checkRestartPolicy(kind: WorkloadKind, spec: Fields): void {
  const policy = spec.text('restartPolicy')
  if (kind === 'Job' || kind === 'CronJob') {
    // An absent one is Always, which no Job may have.
    if (policy === '' || policy === 'Always') {
      spec.error(['restartPolicy'], required('valid values: "OnFailure", "Never"'))
    } else if (policy !== 'OnFailure' && policy !== 'Never') {
      spec.error(['restartPolicy'], unsupported(policy, ['OnFailure', 'Never']))
    }
  } else if (policy !== '' && policy !== 'Always') {
    spec.error(['restartPolicy'], unsupported(policy, ['Always']))
  }
}

function checkSchedule(spec: Fields): void {
  const schedule = spec.text('schedule').trim()
  if (schedule === '') spec.error(['schedule'], required())
  else if (!schedule.startsWith('@')) {
    const fields = schedule.replace(/^(?:CRON_)?TZ=\S+\s+/, '').split(/\s+/)
    if (fields.length !== 5) {
      const words = `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`
      spec.error(['schedule'], invalid(schedule, words))
    }
  }
}

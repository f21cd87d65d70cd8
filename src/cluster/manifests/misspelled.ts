// Finds fields whose letter case is wrong. An API server refuses them; taken as they are they would silently count for
// nothing, and a Service with `clusterip` would have no address.
import { isMap, type FieldPath } from '../fields.ts'

interface Misspelling {
  readonly path: FieldPath
  readonly meant: string
}

/** The fields that answers need. */
const FIELDS = [
  ...['metadata', 'spec', 'status', 'name', 'namespace', 'labels', 'annotations', 'deletionTimestamp'],
  ...[
    'type',
    'clusterIP',
    'clusterIPs',
    'externalName',
    'externalIPs',
    'loadBalancer',
    'ingress',
    'ip',
    'ips'
  ],
  ...[
    'ports',
    'port',
    'protocol',
    'addressType',
    'endpoints',
    'addresses',
    'conditions',
    'ready',
    'hostname'
  ],
  ...['nodeName', 'targetRef', 'zone', 'podIP', 'phase', 'subsets', 'notReadyAddresses']
]

/** Those that make Pods, and the addresses and endpoints of Services. */
const APP_FIELDS = [
  ...[
    'selector',
    'matchLabels',
    'matchExpressions',
    'template',
    'replicas',
    'serviceName',
    'ordinals',
    'start'
  ],
  ...['parallelism', 'completions', 'suspend', 'jobTemplate', 'schedule', 'podSelector'],
  ...['containers', 'initContainers', 'containerPort', 'restartPolicy', 'hostNetwork', 'subdomain', 'image'],
  ...['dnsPolicy', 'dnsConfig', 'nameservers', 'searches'],
  ...[
    'targetPort',
    'nodePort',
    'ipFamilies',
    'ipFamilyPolicy',
    'publishNotReadyAddresses',
    'loadBalancerIP',
    'podIPs'
  ]
]

const byLowerCase = (fields: readonly string[]): ReadonlyMap<string, string> =>
  new Map(fields.map(field => [field.toLowerCase(), field]))

const KNOWN = { manifests: byLowerCase(FIELDS), apps: byLowerCase([...FIELDS, ...APP_FIELDS]) }

/** Below these anything may stand. */
const FREE = new Set(['labels', 'annotations', 'matchLabels'])
const DEPTH_MAX = 10

/** The first few misspelled fields of an object. */
export function misspelled(object: unknown, option: keyof typeof KNOWN): Misspelling[] {
  const found: Misspelling[] = []
  visit(object, [], found, KNOWN[option])
  return found
}

function visit(
  value: unknown,
  path: FieldPath,
  found: Misspelling[],
  known: ReadonlyMap<string, string>
): void {
  if (path.length > DEPTH_MAX || found.length >= 3) return
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => visit(item, [...path, index], found, known))
  } else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      const field = known.get(key.toLowerCase())
      if (field === undefined) continue
      if (field !== key) found.push({ path: [...path, key], meant: field })
      else if (!FREE.has(key) && !isServiceSelector(key, value)) {
        visit(value[key], [...path, key], found, known)
      }
    }
  }
}

/** The selector of a Service holds labels and nothing else. */
function isServiceSelector(key: string, parent: Readonly<Record<string, unknown>>): boolean {
  return key === 'selector' && !Object.hasOwn(parent, 'template')
}

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
const BY_LOWER_CASE = new Map(FIELDS.map(field => [field.toLowerCase(), field]))

/** Below these anything may stand. */
const FREE = new Set(['labels', 'annotations'])
const DEPTH_MAX = 8

/** The first few misspelled fields of an object. */
export function misspelled(object: unknown): Misspelling[] {
  const found: Misspelling[] = []
  visit(object, [], found)
  return found
}

function visit(value: unknown, path: FieldPath, found: Misspelling[]): void {
  if (path.length > DEPTH_MAX || found.length >= 3) return
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => visit(item, [...path, index], found))
  } else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      const field = BY_LOWER_CASE.get(key.toLowerCase())
      if (field === undefined) continue
      if (field !== key) found.push({ path: [...path, key], meant: field })
      else if (!FREE.has(key)) visit(value[key], [...path, key], found)
    }
  }
}

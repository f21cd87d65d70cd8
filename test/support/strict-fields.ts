// Judges an object by the fields that Kubernetes knows, as `kubectl apply --validate=strict` does, from client-node's models.
import * as models from '@kubernetes/client-node'

interface Attribute {
  readonly baseName: string
  readonly type: string
}

interface Model {
  getAttributeTypeMap(): readonly Attribute[]
}

/** Kinds that client-node has no model of: the fields that are used here, as the Prometheus Operator documents them. */
const LABELS = '{ [key: string]: string; }'
const operatorModels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ServiceMonitor: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'V1ObjectMeta',
    spec: 'ServiceMonitorSpec'
  },
  ServiceMonitorSpec: {
    selector: 'V1LabelSelector',
    namespaceSelector: 'NamespaceSelector',
    endpoints: 'Array<MonitorEndpoint>'
  },
  NamespaceSelector: { any: 'boolean', matchNames: 'Array<string>' },
  MonitorEndpoint: {
    port: 'string',
    path: 'string',
    scheme: 'string',
    interval: 'string',
    honorLabels: 'boolean'
  },
  PrometheusRule: {
    apiVersion: 'string',
    kind: 'string',
    metadata: 'V1ObjectMeta',
    spec: 'PrometheusRuleSpec'
  },
  PrometheusRuleSpec: { groups: 'Array<RuleGroup>' },
  RuleGroup: { name: 'string', interval: 'string', rules: 'Array<Rule>' },
  Rule: {
    alert: 'string',
    record: 'string',
    expr: 'string',
    for: 'string',
    labels: LABELS,
    annotations: LABELS
  }
}

/** What is wrong with an object, one line each with its path: unknown fields and values of a wrong type. */
export function fieldFaults(object: unknown): string[] {
  if (!isRecord(object)) return ['not an object']
  const { kind } = object
  if (typeof kind !== 'string') return ['no kind']
  const type = kind in operatorModels ? kind : `V1${kind}`
  if (attributesOf(type) === undefined) return [`${kind}: a kind that nobody knows`]
  return [...faults(object, type, kind)]
}

function* faults(value: unknown, type: string, path: string): Iterable<string> {
  const list = /^Array<(.+)>$/.exec(type)
  if (list !== null) {
    if (!Array.isArray(value)) yield `${path}: expected a list`
    else for (const [at, item] of value.entries()) yield* faults(item, list[1] as string, `${path}[${at}]`)
    return
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)
  if (map !== null) {
    if (!isRecord(value)) yield `${path}: expected a map`
    else
      for (const [key, item] of Object.entries(value)) yield* faults(item, map[1] as string, `${path}.${key}`)
    return
  }
  const attributes = attributesOf(type)
  if (attributes === undefined) {
    if (!scalarFits(value, type)) yield `${path}: expected ${type}, found ${JSON.stringify(value)}`
    return
  }
  if (!isRecord(value)) {
    yield `${path}: expected an object (${type})`
    return
  }
  for (const [key, item] of Object.entries(value)) {
    const found = attributes.get(key)
    if (found === undefined) yield `${path}.${key}: unknown field`
    else yield* faults(item, found, `${path}.${key}`)
  }
}

function scalarFits(value: unknown, type: string): boolean {
  if (type === 'any') return true
  if (type === 'IntOrString') return typeof value === 'string' || Number.isInteger(value)
  if (type === 'Date') return typeof value === 'string'
  return typeof value === type
}

function attributesOf(type: string): ReadonlyMap<string, string> | undefined {
  const own = operatorModels[type]
  if (own !== undefined) return new Map(Object.entries(own))
  const model = (models as Readonly<Record<string, unknown>>)[type] as Model | undefined
  if (model === undefined || type === 'IntOrString') return undefined
  return new Map(model.getAttributeTypeMap().map(each => [each.baseName, each.type]))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

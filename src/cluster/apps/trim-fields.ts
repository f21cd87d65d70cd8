// What all objects of an application have: names, labels, and the annotation that says which Pods are not ready.
import type { Fields } from '../fields.ts'
import type { NotReady } from './app-objects.ts'
import {
  duplicate,
  invalid,
  label,
  labelKey,
  labelValue,
  PORT_RANGE,
  required,
  unsupported,
  type Rule
} from './trim-rules.ts'

/** Where an object lives that doesn't say. */
export const DEFAULT_NAMESPACE = 'default'
export const NOT_READY_ANNOTATION = 'labdns.dev/not-ready'
/** Ordinals over this one are a slip of the finger: no workload here has so many Pods. */
const ORDINAL_MAX = 99_999

const INT32 = 2_147_483_647

interface Metadata {
  readonly namespace: string
  readonly name: string
  readonly labels: Record<string, string>
  readonly notReady: NotReady
}

export function appMetadata(root: Fields, nameRule: Rule): Metadata {
  const metadata = root.map('metadata')
  const name = metadata.text('name')
  if (!metadata.has('name')) {
    const isGenerated = metadata.has('generateName')
    const detail = isGenerated
      ? 'generateName would be another name each time; write name'
      : 'name or generateName is required'
    metadata.error(['name'], required(detail))
  } else if (metadata.holdsText('name')) judge(metadata, 'name', name, nameRule)
  const namespace = metadata.text('namespace')
  if (namespace !== '') judge(metadata, 'namespace', namespace, label)
  return {
    namespace: namespace === '' ? DEFAULT_NAMESPACE : namespace,
    name,
    labels: labels(metadata, 'labels'),
    notReady: notReady(metadata)
  }
}

/** Labels, or a Service's selector. */
export function labels(parent: Fields, key: string): Record<string, string> {
  const found = parent.textMap(key)
  for (const [name, value] of Object.entries(found)) {
    const badKey = labelKey(name)
    if (badKey !== undefined) parent.error([key], invalid(name, badKey), [key, name])
    const badValue = labelValue(value)
    if (badValue !== undefined) parent.error([key], invalid(value, badValue), [key, name])
  }
  return found
}

/** A text that must keep a rule, or '' when absent. */
export function ruled(parent: Fields, key: string, rule: Rule): string {
  const text = parent.text(key)
  if (text !== '') judge(parent, key, text, rule)
  return text
}

/** One of a few words, or '' when absent. */
export function oneOf(parent: Fields, key: string, supported: readonly string[]): string {
  const text = parent.text(key)
  if (text !== '' && !supported.includes(text)) parent.error([key], unsupported(text, supported))
  return text
}

/** A whole number of at least 0, or undefined when absent. */
export function count(parent: Fields, key: string): number | undefined {
  return parent.number(key, 0, INT32, value => invalid(value, 'must be greater than or equal to 0'))
}

/** The number of a port, or undefined when absent. */
export function portNumber(parent: Fields, key: string): number | undefined {
  return parent.number(key, 1, 65_535, value => invalid(value, PORT_RANGE))
}

/** The protocol of a port; an API server fills in TCP. */
export function protocol(port: Fields): string {
  const text = oneOf(port, 'protocol', ['SCTP', 'TCP', 'UDP'])
  return text === '' ? 'TCP' : text
}

/** Reports names that stand twice; `seen` are those before. */
export function unique(parent: Fields, key: string, name: string, seen: Set<string>): void {
  if (name === '') return
  if (seen.has(name)) parent.error([key], duplicate(name))
  seen.add(name)
}

function judge(parent: Fields, key: string, text: string, rule: Rule): void {
  const bad = rule(text)
  if (bad !== undefined) parent.error([key], invalid(text, bad))
}

function notReady(metadata: Fields): NotReady {
  const text = metadata.textMap('annotations')[NOT_READY_ANNOTATION]?.trim() ?? ''
  if (text === '') return []
  if (text === 'all') return 'all'
  const ordinals = text.split(',').map(each => each.trim())
  if (ordinals.every(each => /^\d{1,6}$/.test(each) && Number(each) <= ORDINAL_MAX)) {
    return [...new Set(ordinals.map(Number))].sort((a, b) => a - b)
  }
  metadata.error(
    ['annotations', NOT_READY_ANNOTATION],
    invalid(text, 'expected ordinals of Pods such as "0,2" (0 is the first), or "all"')
  )
  return []
}

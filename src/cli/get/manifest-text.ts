// Manifests as text, YAML or JSON, in kubectl's layout: a List whose items stand at the left edge. Written one object at
// a time, so that a cluster of any size can be printed.
import type { Written, WrittenMap } from '../../cluster/as-written.ts'

export type ManifestFormat = 'yaml' | 'json'

/** One manifest, its last line ended. */
export function manifestText(manifest: WrittenMap, format: ManifestFormat): string {
  return format === 'json' ? `${JSON.stringify(manifest, undefined, 4)}\n` : mapLines(manifest, 0)
}

/** A `List` of manifests, in pieces. */
export function* listText(manifests: Iterable<WrittenMap>, format: ManifestFormat): Generator<string, void> {
  yield* format === 'json' ? jsonList(manifests) : yamlList(manifests)
}

function* jsonList(manifests: Iterable<WrittenMap>): Generator<string, void> {
  yield '{\n    "apiVersion": "v1",\n    "items": ['
  let isFirst = true
  for (const manifest of manifests) {
    const text = JSON.stringify(manifest, undefined, 4).replaceAll('\n', '\n        ')
    yield `${isFirst ? '' : ','}\n        ${text}`
    isFirst = false
  }
  yield `${isFirst ? '' : '\n    '}],\n    "kind": "List",\n    "metadata": {\n        "resourceVersion": ""\n    }\n}\n`
}

function* yamlList(manifests: Iterable<WrittenMap>): Generator<string, void> {
  let isFirst = true
  for (const manifest of manifests) {
    yield `${isFirst ? 'apiVersion: v1\nitems:\n' : ''}${dashed(manifest, 0)}`
    isFirst = false
  }
  yield `${isFirst ? 'apiVersion: v1\nitems: []\n' : ''}kind: List\nmetadata:\n  resourceVersion: ""\n`
}

/** The lines of a map, each indented. */
function mapLines(map: WrittenMap, indent: number): string {
  const blanks = ' '.repeat(indent)
  let lines = ''
  for (const [key, value] of Object.entries(map)) {
    const text = scalarText(key)
    const announced = text.length > KEY_MAX ? `? ${text}\n${blanks}` : text
    lines += `${blanks}${announced}:${valueText(value, indent)}`
  }
  return lines
}

/** What stands behind a key's colon, its last line ended. Items of a list stand under their key, as kubectl puts them. */
function valueText(value: Written, indent: number): string {
  if (isList(value)) {
    if (value.length === 0) return ' []\n'
    return `\n${value.map(item => dashed(item, indent)).join('')}`
  }
  if (typeof value !== 'object') return ` ${scalarText(value)}\n`
  return Object.keys(value).length === 0 ? ' {}\n' : `\n${mapLines(value, indent + 2)}`
}

function dashed(item: Written, indent: number): string {
  const dash = `${' '.repeat(indent)}- `
  if (isList(item)) throw new TypeError('no Kubernetes object has a list right inside of a list')
  if (typeof item !== 'object') return `${dash}${scalarText(item)}\n`
  if (Object.keys(item).length === 0) return `${dash}{}\n`
  return dash + mapLines(item, indent + 2).slice(indent + 2)
}

const isList = (value: Written): value is readonly Written[] => Array.isArray(value)

/** A key that is longer must be announced with a question mark (YAML 1.2 §7.4.3). */
const KEY_MAX = 1000

/** Texts that no reader of YAML 1.1 or 1.2 takes for anything but text. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./-]*$/
/** Texts of that form which are booleans, null or numbers to some reader. */
const SPECIAL = /^(?:y|yes|n|no|on|off|true|false|null|nan|inf|infinity)$/i
const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/
/** Line breaks and marks that must not stand in a text as they are, beside what JSON escapes anyway. */
const UNPRINTABLE = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g

function scalarText(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  if ((PLAIN.test(value) && !SPECIAL.test(value)) || IPV4.test(value)) return value
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}

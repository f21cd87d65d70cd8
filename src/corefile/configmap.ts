// A Corefile inside a Kubernetes manifest, as `kubectl get configmap coredns -o yaml` prints it, with the places of its
// characters in the manifest.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap
} from 'yaml'
import type { Locate } from './lexer.ts'
import { CorefileError, type Position } from './position.ts'
import { scalarLocate, TextPlaces } from './scalar-places.ts'
import { tooDeepAt } from './yaml-depth.ts'

/** A Corefile's text, and where its characters stand. */
export interface ExtractedCorefile {
  readonly text: string
  readonly locate: Locate
}

/**
 * The text of `data.Corefile` of the one ConfigMap that has it: YAML or JSON, one document or several, lists too. Throws
 * a CorefileError when there is none (it says what there is), or more than one.
 */
export function extractCorefile(text: string, file: string): ExtractedCorefile {
  const places = new TextPlaces(text, file)
  const fail = (message: string, at: Position, hint: string): CorefileError =>
    new CorefileError('FILE', `${at.file}:${at.line} - Error during parsing: ${message}`, at, hint)

  const objects: ManifestObject[] = []
  const tooDeep = tooDeepAt(text)
  if (tooDeep >= 0) {
    throw fail('not a manifest: it is nested too deeply', places.at(0), 'the file is taken for a manifest')
  }
  for (const document of readDocuments(text)) {
    const [broken] = document.errors
    if (broken !== undefined) {
      const hint = 'the file is taken for a manifest: mend its YAML'
      throw fail(`not a manifest: ${broken.message.slice(0, 200)}`, places.at(broken.pos[0]), hint)
    }
    collectObjects(document, document.contents, objects)
  }

  const withCorefile = objects.filter(object => object.corefile !== undefined)
  const [first, second] = withCorefile
  if (first === undefined) {
    const found = objects.length === 0 ? 'nothing' : objects.slice(0, 10).map(describe).join('; ')
    const hint = 'expected a ConfigMap as from: kubectl -n kube-system get configmap coredns -o yaml'
    throw fail(`no ConfigMap with data.Corefile; found: ${found}`, places.at(objects[0]?.start ?? 0), hint)
  }
  if (second !== undefined) {
    const names = withCorefile.map(object => object.name).join(', ')
    throw fail(
      `more than one ConfigMap with data.Corefile: ${names}`,
      places.at(second.start),
      'give a file with one of them'
    )
  }
  const corefile = first.corefile as Scalar
  if (typeof corefile.value !== 'string') {
    throw fail(
      'data.Corefile is not a text',
      places.at(corefile.range?.[0] ?? 0),
      'write it as a block: Corefile: |'
    )
  }
  return { text: corefile.value, locate: scalarLocate(corefile, corefile.value, text, places) }
}

interface ManifestObject {
  readonly kind: string
  /** `kube-system/coredns`. */
  readonly name: string
  /** Keys under `data`. */
  readonly keys: readonly string[]
  readonly corefile: Scalar | undefined
  /** Offset in the manifest. */
  readonly start: number
}

const describe = (object: ManifestObject): string => {
  if (object.kind !== 'ConfigMap') return `${object.kind} ${object.name}`
  const keys = object.keys.length === 0 ? 'no data' : `the keys ${object.keys.slice(0, 10).join(', ')}`
  return `ConfigMap ${object.name} with ${keys}`
}

/** Errors are in the documents; duplicate keys are none, because looking for them takes time in proportion to the square. */
function readDocuments(text: string): readonly Document[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false, prettyErrors: false })
  return 'empty' in documents ? [] : documents
}

function collectObjects(document: Document, node: unknown, into: ManifestObject[]): void {
  if (!isMap(node)) return
  const kind = textAt(document, node, 'kind')
  const items = valueAt(document, node, 'items')
  if (kind.endsWith('List') && isSeq(items)) {
    for (const item of items.items) collectObjects(document, resolved(document, item), into)
    return
  }
  const metadata = valueAt(document, node, 'metadata')
  const names = isMap(metadata)
    ? [textAt(document, metadata, 'namespace'), textAt(document, metadata, 'name')]
    : []
  const data = kind === 'ConfigMap' ? valueAt(document, node, 'data') : undefined
  const corefile = isMap(data) ? valueAt(document, data, 'Corefile') : undefined
  into.push({
    kind: kind === '' ? 'an object without kind' : kind,
    name: names.filter(name => name !== '').join('/'),
    keys: isMap(data) ? data.items.map(pair => String(isScalar(pair.key) ? pair.key.value : '')) : [],
    corefile: isScalar(corefile) ? corefile : undefined,
    start: node.range?.[0] ?? 0
  })
}

function resolved(document: Document, node: unknown): Node | undefined {
  return isAlias(node) ? node.resolve(document) : (node as Node | undefined)
}

const valueAt = (document: Document, map: YAMLMap, key: string): Node | undefined =>
  resolved(document, map.get(key, true))

function textAt(document: Document, map: YAMLMap, key: string): string {
  const node = valueAt(document, map, key)
  return isScalar(node) && typeof node.value === 'string' ? node.value : ''
}

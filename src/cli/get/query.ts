// What `get` is asked for: kinds, names, the namespace and the format, read from the words as kubectl reads them.
import { LabelSelector } from '../../cluster/selector.ts'
import type { GetArguments } from '../arguments.ts'
import { EVERYTHING, kindsOf, type Kind } from './kinds.ts'

export type GetFormat = 'table' | 'wide' | 'yaml' | 'json' | 'name'

export interface GetQuery {
  /** In the order asked for; none twice. */
  readonly kinds: readonly Kind[]
  /** No kind was named. */
  readonly isEverything: boolean
  /** Names, each with its kind; empty: all objects of the kinds. */
  readonly names: readonly { readonly kind: Kind; readonly name: string }[]
  /** Undefined: all. */
  readonly namespace: string | undefined
  readonly selector: LabelSelector | undefined
  readonly format: GetFormat
  /** Whether NAME columns carry the kind, since there may be several. */
  readonly namesKinds: boolean
}

/** A mistake in what was typed, said as kubectl says it. */
export class GetMistake extends Error {}

const FORMATS: readonly GetFormat[] = ['json', 'name', 'wide', 'yaml']

/** Reads the words behind `get`. Throws GetMistake. */
export function readQuery(args: GetArguments): GetQuery {
  const { words } = args
  const kinds: Kind[] = []
  const names: { kind: Kind; name: string }[] = []
  let isCategory = false
  if (words.some(word => word.includes('/'))) {
    for (const word of words) {
      const [kindWord = '', name = '', ...rest] = word.split('/')
      if (kindWord === '' || name === '' || rest.length > 0) {
        throw new GetMistake(
          `arguments in resource/name form must have a single resource and name, as in svc/web: ${word}`
        )
      }
      for (const kind of knownKinds(kindWord)) names.push({ kind, name })
    }
    kinds.push(...names.map(({ kind }) => kind))
  } else {
    const [kindWords, ...rest] = words
    for (const word of kindWords?.split(',') ?? []) {
      isCategory ||= word.toLowerCase() === 'all'
      kinds.push(...knownKinds(word))
    }
    const different = [...new Set(kinds)]
    for (const name of rest) for (const kind of different) names.push({ kind, name })
  }
  const isEverything = kinds.length === 0
  const asked = isEverything ? EVERYTHING : [...new Set(kinds)]
  if (names.length > 0 && args.selector !== undefined)
    throw new GetMistake('name cannot be provided when a selector is specified')
  if (names.length > 0 && args.allNamespaces && asked.some(kind => kind.isNamespaced))
    throw new GetMistake('a resource cannot be retrieved by name across all namespaces')
  return {
    kinds: asked,
    isEverything,
    names,
    namespace: args.allNamespaces ? undefined : (args.namespace ?? 'default'),
    selector: args.selector === undefined ? undefined : selectorOf(args.selector),
    format: formatOf(args.output),
    namesKinds: isCategory || asked.length > 1
  }
}

function knownKinds(word: string): readonly Kind[] {
  const kinds = kindsOf(word)
  if (kinds === undefined) {
    throw new GetMistake(
      `the server doesn't have a resource type ${JSON.stringify(word)}: labdns has services (svc), endpoints (ep), endpointslices, pods (po), namespaces (ns), serviceimports, all`
    )
  }
  return kinds
}

function selectorOf(text: string): LabelSelector {
  try {
    return LabelSelector.parse(text)
  } catch (error) {
    throw new GetMistake(`-l ${text}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function formatOf(output: string | undefined): GetFormat {
  if (output === undefined || output === '') return 'table'
  const format = FORMATS.find(each => each === output)
  if (format === undefined) {
    throw new GetMistake(
      `unable to match a printer suitable for the output format ${JSON.stringify(output)}, allowed formats are: ${FORMATS.join(',')}`
    )
  }
  return format
}

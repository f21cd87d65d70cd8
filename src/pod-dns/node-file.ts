// The node's resolv.conf as the kubelet reads it (resolver-semantics.md §3.3): other rules than any resolver has. The last
// `search` and the last `options` count, `domain` is unknown, addresses are not looked at.
import { octetTextOf, wordsOf } from './octet-text.ts'
import type { KubernetesRules } from './versions.ts'

/** The file that the kubelet's `resolvConf` names. */
export type NodeFile =
  /** Nobody told. */
  | { readonly kind: 'unknown' }
  /** `resolvConf: ""`. */
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly path: string; readonly octets: Uint8Array }

/** Entries as octet texts (octet-text.ts). */
export interface NodeSettings {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly string[]
}

export const NO_SETTINGS: NodeSettings = { nameservers: [], searches: [], options: [] }

/** Why the kubelet can't use the file: no Pod starts on that node. */
export interface NodeFileFlaw {
  /** From 1; undefined: the whole file. */
  readonly line: number | undefined
  readonly text: string
}

/** The kubelet reads less than this, in octets. */
const OCTETS_MAX = 10 << 20

export function readNodeFile(
  octets: Uint8Array,
  rules: Pick<KubernetesRules, 'rootSearch'>
): NodeSettings | NodeFileFlaw {
  if (octets.length >= OCTETS_MAX) {
    return {
      line: undefined,
      text: `has ${octets.length} octets; the kubelet reads less than ${OCTETS_MAX} ("the read limit is reached")`
    }
  }
  const nameservers: string[] = []
  let searches: string[] = []
  let options: string[] = []
  const lines = octetTextOf(octets).split('\n')
  for (const [at, line] of lines.entries()) {
    const [keyword, ...values] = wordsOf(line)
    // A comment's first word begins with #, whatever follows.
    if (keyword === 'nameserver') {
      const [address] = values
      if (address === undefined) {
        return { line: at + 1, text: 'nameserver without an address ("nameserver list is empty")' }
      }
      nameservers.push(address)
    } else if (keyword === 'search') searches = values.flatMap(value => searchEntry(value, rules.rootSearch))
    else if (keyword === 'options') options = values
  }
  return { nameservers, searches, options }
}

export const isFlaw = (read: NodeSettings | NodeFileFlaw): read is NodeFileFlaw => 'text' in read

/** One dot at the end is taken off, so that `a.b` and `a.b.` count once. */
function searchEntry(entry: string, rootSearch: KubernetesRules['rootSearch']): string[] {
  if (entry === '.') return rootSearch === 'dropped' ? [] : [rootSearch === 'kept' ? '.' : '']
  return [entry.endsWith('.') ? entry.slice(0, -1) : entry]
}

// The search list of a resolv.conf file (resolver-semantics.md; Go's reading of it).
import { parseName, lowerName, type Name } from '../../wire/name.ts'

/** Elements of one list; glibc and kubelet allow 32. */
const ELEMENTS_MAX = 32

/** Elements of the last `search` or `domain` line; words that are no names are passed over. */
export function readSearchList(text: string): readonly Name[] {
  let words: readonly string[] = []
  for (const line of text.split('\n')) {
    if (/^\s*[#;]/.test(line)) continue
    const [keyword, ...rest] = line.trim().split(/\s+/)
    if (keyword === 'search' && rest.length > 0) words = rest
    if (keyword === 'domain' && rest.length > 0) words = rest.slice(0, 1)
  }
  return words.slice(0, ELEMENTS_MAX).flatMap(word => {
    const name = parseName(word)
    return name === undefined ? [] : [lowerName(name)]
  })
}

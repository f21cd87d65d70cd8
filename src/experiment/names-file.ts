// Names from a file: one a line, or the query log of CoreDNS or labdns, from which the names that were asked for are taken.
import { ExperimentMistake, shown } from './mistake.ts'
import { NAMES_MAX } from './spec.ts'

/** `"A IN example.org. udp 41 false 4096"` in the common format of *log*; the first word is the type. */
const LOGGED = /"(\S+) IN (\S+) (?:udp|tcp) \d+ (?:true|false) \d+"/

export interface NamesFile {
  /** In the order of their first appearance, each once. */
  readonly names: readonly string[]
  readonly kind: 'names' | 'query log'
}

/**
 * Reads a names file. A query log has names as they were asked, search domains included: with `searchLists` the longest one
 * that a name ends in is taken off, so that what remains is what a program looked up, and only the first query of a walk
 * (the longest list element) counts. Throws ExperimentMistake with the line.
 */
export function readNamesFile(
  text: string,
  file: string,
  searchLists: Iterable<readonly string[]> = []
): NamesFile {
  const names = new Set<string>()
  const suffixes = [...new Set([...searchLists].flat())]
    .map(domain => `.${domain.replace(/\.$/, '').toLowerCase()}`)
    .sort((a, b) => b.length - a.length)
  let logged = 0
  let at = 0
  for (const line of text.split('\n')) {
    at++
    const found = LOGGED.exec(line)
    if (found !== null) {
      logged++
      const [, type, name = ''] = found
      if (type === 'A' || type === 'AAAA') names.add(withoutSearch(name, suffixes))
    } else {
      const word = line.replace(/#.*$/, '').trim()
      if (word === '' || logged > 0) continue
      if (/\s/.test(word)) {
        throw new ExperimentMistake(
          `${file}:${at}:1: expected one name, or a line of a query log as CoreDNS's log plugin writes it, found ${shown(word)}`
        )
      }
      names.add(word)
    }
    if (names.size > NAMES_MAX)
      throw new ExperimentMistake(`${file}:${at}:1: more than ${NAMES_MAX} different names`)
  }
  if (names.size === 0) throw new ExperimentMistake(`${file}: no name in it`)
  return { names: [...names], kind: logged > 0 ? 'query log' : 'names' }
}

/** The name as somebody typed it who has this search list; the longest domain that fits is taken off. */
function withoutSearch(name: string, suffixes: readonly string[]): string {
  const plain = name.replace(/\.$/, '')
  const suffix = suffixes.find(each => plain.endsWith(each) && plain.length > each.length)
  return suffix === undefined ? plain : plain.slice(0, -suffix.length)
}

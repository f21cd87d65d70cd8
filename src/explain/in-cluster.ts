// A name that was asked outside of the cluster's zones: is it one of the cluster's, written otherwise?
import type { InClusterFact } from '../dns/facts.ts'
import { formatName, labelText, type Name } from '../wire/name.ts'

/** Longer names are not looked at: search domains have few labels. */
const LABELS_MAX = 12

/** `meant` finds full names of Services by lower-cased labels; undefined when it finds none. */
export function inCluster(
  name: Name,
  meant: (labels: readonly string[]) => readonly string[]
): InClusterFact | undefined {
  const labels: string[] = []
  for (let at = 0; name[at] !== 0; at += (name[at] as number) + 1) {
    if (labels.length === LABELS_MAX) return undefined
    labels.push(labelText(name, at + 1, at + 1 + (name[at] as number)).toLowerCase())
  }
  const names = labels.length === 0 ? [] : [...new Set(meant(labels))]
  const [first] = names
  if (first === undefined) return undefined
  return {
    plugin: 'explain',
    rule: 'in-cluster',
    name: formatName(name),
    names,
    because: mistake(labels, first)
  }
}

/** What is wrong with a name that was meant to be `full`, the full name of a Service. */
function mistake(labels: readonly string[], full: string): InClusterFact['because'] {
  const written = `${labels.join('.')}.`
  const zone = full.slice(full.indexOf('.svc.') + 5)
  if (labels.length <= 2 || full.includes(`.${written}`) || full.startsWith(written)) return 'unqualified'
  return written.includes(`.svc.${zone}`) ? 'suffixed' : 'other-zone'
}

// The known word that a mistyped one was probably meant to be.

/** Longer words are not compared: nobody mistypes those, and comparing takes time in proportion to the product. */
const CHARACTERS_MAX = 40

/** The nearest of `known` within a few slips of the finger, letter case aside; undefined when none is near. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > CHARACTERS_MAX) return undefined
  const lower = word.toLowerCase()
  // One slip in three characters is a typing mistake; more makes another word.
  let best = Math.max(1, Math.floor(lower.length / 3)) + 1
  let nearest: string | undefined
  for (const candidate of known) {
    if (candidate.length > CHARACTERS_MAX) continue
    const distance = editDistance(lower, candidate.toLowerCase())
    if (distance >= best) continue
    best = distance
    nearest = candidate
  }
  return nearest
}

/** Characters to insert, drop or change, or neighbours to swap, until `from` is `to` (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1
      let least = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + change)
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        least = Math.min(least, beforePrevious[j - 2]! + 1)
      }
      row.push(least)
    }
    beforePrevious = previous
    previous = row
  }
  return previous[to.length]!
}

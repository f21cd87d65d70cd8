// How much of an experiment real programs can do: a lookup costs a process, so that the number is bounded.
import { ExperimentMistake } from '../../../experiment/mistake.ts'

/** Lookups by real programs in one experiment. */
export const REAL_LOOKUPS_MAX = 2000
/** Octets of a name that programs are given; no name is longer than 255 octets, and a search list may shorten what is legal. */
const NAME_MAX = 1000

export interface RealPlan {
  /** What is looked up, in the experiment's order. */
  readonly names: readonly string[]
  /** For the report: what was left out. */
  readonly notes: readonly string[]
}

/** Throws ExperimentMistake when there are more settings than lookups can be had. */
export function planReal(names: readonly string[], settings: number): RealPlan {
  if (settings > REAL_LOOKUPS_MAX) {
    throw new ExperimentMistake(
      `--real: ${settings} settings of real programs: at most ${REAL_LOOKUPS_MAX} lookups are measured; take settings or programs out`
    )
  }
  const fit = names.filter(isWord)
  const notes: string[] = []
  if (fit.length < names.length) {
    notes.push(`measured without ${count(names.length - fit.length)} that a program would not take as a name`)
  }
  const each = settings === 0 ? fit.length : Math.floor(REAL_LOOKUPS_MAX / settings)
  if (fit.length > each) {
    notes.push(
      `measured with the first ${count(each)} of ${fit.length}: real programs do at most ${REAL_LOOKUPS_MAX} lookups`
    )
  }
  return { names: fit.slice(0, each), notes }
}

const count = (names: number): string => (names === 1 ? '1 name' : `${names} names`)

/** A word that no program takes for an option, and that a command line can carry. */
const isWord = (name: string): boolean =>
  /^[^-+@\s\p{Cc}][^\s\p{Cc}]*$/u.test(name) && name.length <= NAME_MAX

// Which programs `--real` means, and which of them this machine has.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { nearestWord } from '../../../corefile/nearest.ts'
import { ExperimentMistake, shown } from '../../../experiment/mistake.ts'
import { bindTools } from './bind-tools.ts'
import { cLibraries } from './c-library.ts'
import { probes } from './probes.ts'
import type { Machine, RealProgram, Recipe } from './program.ts'

/** In the order in which `all` takes them. */
export const recipes: readonly Recipe[] = [...cLibraries, ...probes, ...bindTools]

const FIND_MS = 20_000
const OUTPUT_MAX = 1 << 20
const SYNONYMS: Readonly<Record<string, string>> = {
  getent: 'glibc',
  'node-lookup': 'node',
  python3: 'python'
}

/** The recipes that `--real` names; `all` is all of them. Throws ExperimentMistake. */
export function wantedRecipes(words: readonly string[]): { recipes: readonly Recipe[]; all: boolean } {
  const listed = words.flatMap(word => word.split(',')).map(word => word.trim().toLowerCase())
  if (listed.includes('all')) return { recipes, all: true }
  const wanted = listed.map(word => {
    const name = Object.hasOwn(SYNONYMS, word) ? SYNONYMS[word] : word
    const found = recipes.find(each => each.word === name)
    if (found !== undefined) return found
    const known = ['all', ...recipes.map(each => each.word)]
    const near = nearestWord(word, known)
    const hint = near === undefined ? `expected some of ${known.join(', ')}` : `did you mean ${near}?`
    throw new ExperimentMistake(`--real: no program ${shown(word)}: ${hint}`)
  })
  return { recipes: [...new Set(wanted)], all: false }
}

/** What is there of them; `missing` is told of what isn't, when it was named. */
export function findPrograms(
  { recipes: wanted, all }: ReturnType<typeof wantedRecipes>,
  machine: Machine,
  missing: (line: string) => void
): readonly RealProgram[] {
  return wanted.flatMap(recipe => {
    const found = recipe.find(machine)
    if (typeof found !== 'string') return [found]
    if (!all) missing(`--real ${recipe.word}: ${found}`)
    return []
  })
}

/** The machine that this is; what is written goes into `folder`. */
export function thisMachine(folder: string): Machine {
  const header = (process.report.getReport() as { header?: { glibcVersionRuntime?: string } }).header
  return {
    run([file = '', ...args], limitMs = FIND_MS) {
      const { error, status, stdout, stderr } = spawnSync(file, args, {
        ...{ encoding: 'utf8', timeout: limitMs, maxBuffer: OUTPUT_MAX, stdio: ['ignore', 'pipe', 'pipe'] }
      })
      if (error !== undefined && 'code' in error && error.code === 'ENOENT') return undefined
      return { exitCode: status, stdout, stderr }
    },
    write(name, text) {
      const file = path.join(folder, name)
      writeFileSync(file, text)
      return file
    },
    node: { file: process.execPath, version: process.versions.node, glibc: header?.glibcVersionRuntime }
  }
}

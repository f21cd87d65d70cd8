// What an experiment is asked for: the file's words, with those of the command line in their place.
import { readSpec, type SpecParts } from '../../experiment/read-spec.ts'
import { ExperimentMistake } from '../../experiment/mistake.ts'
import type { ExperimentArguments } from '../arguments.ts'

/** Command line options as the YAML that says the same, so that they are read, and refused, by the same rules. */
export function optionParts(words: ExperimentArguments): SpecParts {
  const parts: SpecParts[] = []
  const take = (option: string, key: string, values: readonly unknown[] | undefined) => {
    if (values === undefined || values.length === 0) return
    try {
      parts.push(readSpec(JSON.stringify({ [key]: values.length === 1 ? values[0] : values }), '-'))
    } catch (error) {
      if (!(error instanceof ExperimentMistake)) throw error
      throw new ExperimentMistake(`${option}: ${error.message.replace(/^-:\d+:\d+: /, '')}`)
    }
  }
  const one = (text: string | undefined) => (text === undefined ? undefined : [text])
  const listed = (texts: readonly string[]) => texts.flatMap(text => text.split(','))
  take('--name', 'names', words.name)
  take('--ndots', 'ndots', listed(words.ndots).map(numberOrText))
  take('--resolver', 'resolvers', listed(words.resolver))
  take('--autopath', 'autopath', listed(words.autopath))
  take('--upstream', 'upstream', words.upstream.map(upstreamOf))
  take('--exists', 'exists', listed(words.exists))
  take('--family', 'family', one(words.family))
  take('--server', 'server', one(words.server))
  take('--assert', 'assert', words.assert)
  const [list, ...more] = words.search
  if (list !== undefined) {
    const lists =
      more.length === 0
        ? { default: list }
        : Object.fromEntries(words.search.map((each, at) => [`${at + 1}`, each]))
    take('--search', 'search', [lists])
  }
  return Object.assign({}, ...parts) as SpecParts
}

const numberOrText = (text: string): number | string => (/^\d{1,4}$/.test(text.trim()) ? Number(text) : text)

/** `20ms,1%`, `20ms`. */
function upstreamOf(text: string): object {
  const [delay, loss, ...rest] = text.split(',')
  if (rest.length > 0)
    throw new ExperimentMistake(`--upstream: expected DELAY,LOSS as in 20ms,1%, found ${text.slice(0, 60)}`)
  return { delay, ...(loss === undefined ? {} : { loss }) }
}

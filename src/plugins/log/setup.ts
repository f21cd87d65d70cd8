// The `log` directive.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseName } from '../../wire/name.ts'
import type { PluginDefinition } from '../definition.ts'
import type { AnswerClass } from '../../dns/classify.ts'
import { COMBINED_FORMAT, COMMON_FORMAT, compileFormat } from './format.ts'
import { QueryLog, type LogRule } from './log.ts'

const CLASSES: readonly string[] = ['success', 'denial', 'error', 'all']

export const logPlugin: PluginDefinition = {
  name: 'log',
  setup(c, context) {
    const rules: LogRule[] = []
    while (c.next()) rules.push(...readRules(c))
    return new QueryLog(rules, context.runtime.log, context.runtime.clock)
  }
}

/** One line: a rule for each of its names. */
function readRules(c: Dispenser): LogRule[] {
  const args = c.remainingArgs()
  let names = args.length === 0 ? ['.'] : args
  let format = COMMON_FORMAT
  // A lone argument is a name, whatever it looks like.
  const last = args.at(-1)
  if (args.length > 1 && last?.includes('{') === true) {
    names = args.slice(0, -1)
    format = last.replaceAll('{common}', COMMON_FORMAT).replaceAll('{combined}', COMBINED_FORMAT)
  }
  const classes = readClasses(c)
  const compiled = compileFormat(format)
  return names.map(name => ({ scope: parseName(name), format: compiled, classes }))
}

function readClasses(c: Dispenser): ReadonlySet<AnswerClass> | undefined {
  const named = new Set<string>()
  while (c.nextBlock()) {
    if (c.val() !== 'class') throw c.unknownProperty(['class'])
    const tokens = c.remainingTokens()
    if (tokens.length === 0) throw c.argErr(`name at least one of ${CLASSES.join(', ')}`)
    for (const token of tokens) {
      if (!CLASSES.includes(token.text)) {
        throw c.bareErr(`invalid Class: ${token.text}`, `log knows ${CLASSES.join(', ')}`, token)
      }
      named.add(token.text)
    }
  }
  return named.size === 0 || named.has('all')
    ? undefined
    : (named as ReadonlySet<string> as ReadonlySet<AnswerClass>)
}

// The `errors` directive.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { PATTERN_OCTETS_MAX, compilePattern } from '../../corefile/pattern.ts'
import { parseDuration } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { Errors, type Consolidation, type ErrorLevel } from './errors.ts'

const LEVELS: readonly string[] = ['warning', 'error', 'info', 'debug'] satisfies ErrorLevel[]

export const errorsPlugin: PluginDefinition = {
  name: 'errors',
  setup(c, context) {
    const consolidations: Consolidation[] = []
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      const args = c.remainingArgs()
      if (args.length > 1) throw c.argErr()
      if (args[0] !== undefined && args[0] !== 'stdout') {
        throw c.errf(`invalid log file: ${args[0]}`, 'errors are always logged to standard output')
      }
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'stacktrace':
            break // an exception's stack is always logged
          case 'consolidate':
            consolidations.push(readConsolidation(c))
            break
          default:
            throw c.syntaxErr(`Unknown field ${c.val()}`, 'errors knows consolidate and stacktrace')
        }
      }
    }
    const { log, clock } = context.runtime
    const plugin = new Errors(consolidations, log.plugin('errors'), clock)
    context.onShutdown(() => plugin.stop())
    return plugin
  }
}

/** `consolidate DURATION REGEXP [warning|error|info|debug] [show_first]` */
function readConsolidation(c: Dispenser): Consolidation {
  const tokens = c.remainingTokens()
  const [duration, pattern, ...options] = tokens
  if (duration === undefined || pattern === undefined || options.length > 2) {
    throw c.argErr('consolidate takes a duration, a pattern, and perhaps a level and show_first')
  }
  const period = parseDuration(duration.text)
  if (period.error !== undefined) throw c.errf(period.error, undefined, duration)
  const octets = Buffer.byteLength(pattern.text)
  if (octets > PATTERN_OCTETS_MAX) {
    throw c.errf(`regex pattern too long: ${octets} > ${PATTERN_OCTETS_MAX}`, undefined, pattern)
  }
  const compiled = compilePattern(pattern.text)
  if (compiled.error !== undefined) throw c.errf(compiled.error, undefined, pattern)
  let level: ErrorLevel | undefined
  let showFirst = false
  for (const option of options) {
    if (isLevel(option.text)) {
      if (level !== undefined) throw c.errf('multiple log levels specified in consolidate', undefined, option)
      if (showFirst) throw c.errf('log level must come before show_first in consolidate', undefined, option)
      level = option.text
    } else if (option.text === 'show_first') showFirst = true
    else throw c.errf(`unknown option in consolidate: ${option.text}`, undefined, option)
  }
  return {
    periodMs: period.value,
    pattern: compiled.value,
    text: pattern.text,
    level: level ?? 'error',
    showFirst
  }
}

const isLevel = (text: string): text is ErrorLevel => LEVELS.includes(text)

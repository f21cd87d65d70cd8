// The `timeouts` directive. It only tells the listeners how long to wait.
import { withPluginName, type Dispenser } from '../../corefile/dispenser.ts'
import type { CorefileError } from '../../corefile/position.ts'
import { formatDuration, parseDuration, parseInteger } from '../../corefile/values.ts'
import type { PluginDefinition, StreamLimits } from '../definition.ts'

const LEAST_MS = 1000
const MOST_MS = 24 * 3600 * 1000

export const timeoutsPlugin: PluginDefinition = {
  name: 'timeouts',
  setup(c, context) {
    while (c.next()) {
      if (c.remainingArgs().length > 0) throw twice(c.argErr('timeouts takes a block: read, write, idle'))
      let count = 0
      while (c.nextBlock()) {
        context.limitStreams(readLimit(c))
        count++
      }
      if (count === 0) throw twice(c.errf('timeouts block with no timeouts specified'))
    }
    return undefined
  }
}

/** CoreDNS prints the plugin's name twice for some of its errors. */
const twice = (error: CorefileError): CorefileError => withPluginName(error, 'timeouts')

function readLimit(c: Dispenser): StreamLimits {
  const option = c.val()
  const words = c.remainingArgs()
  const [word] = words
  if (word === undefined || words.length > 1) throw c.argErr()
  if (option === 'maxtcpqueries') return { questionsMax: readCount(c, word) }
  const ms = readSeconds(c, word)
  switch (option) {
    case 'read':
      return { readMs: ms }
    case 'write':
      return { writeMs: ms }
    case 'idle':
      return { idleMs: ms }
    default:
      throw c.errf(`unknown option: '${option}'`, 'timeouts knows read, write, idle, maxtcpqueries')
  }
}

function readCount(c: Dispenser, word: string): number {
  const parsed = parseInteger(word)
  if (parsed.error !== undefined) throw c.errf(`invalid value for maxtcpqueries '${word}': ${parsed.error}`)
  const { value } = parsed
  if (value === 0 || value < -1) {
    throw c.errf(`maxtcpqueries provided '${value}' needs to be -1 (unlimited) or a positive integer`)
  }
  return value === -1 ? Infinity : value
}

/** A duration, or a bare number of seconds. In milliseconds. */
function readSeconds(c: Dispenser, word: string): number {
  const text = parseInteger(word).error === undefined ? `${word}s` : word
  const parsed = parseDuration(text)
  if (parsed.error !== undefined) throw c.errf(`failed to parse duration '${text}'`)
  if (parsed.value < LEAST_MS || parsed.value > MOST_MS) {
    const duration = formatDuration(parsed.value)
    throw c.errf(`timeout provided '${duration}' needs to be between 1 second and 24 hours`)
  }
  return parsed.value
}

// The `erratic` directive.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { parseDuration, parseInteger, quoteText } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { Erratic } from './erratic.ts'

/** What a word without a number means: every second query. */
const AMOUNT_DEFAULT = 2
const DELAY_DEFAULT_MS = 100
const AMOUNT_MAX = 2 ** 31 - 1

export const erraticPlugin: PluginDefinition = {
  name: 'erratic',
  setup(c, context) {
    let drop: number | undefined
    let delay = 0
    let delayMs = DELAY_DEFAULT_MS
    let truncate = 0
    let large = false
    while (c.next()) {
      while (c.nextBlock()) {
        const property = c.val()
        switch (property) {
          case 'drop':
            drop = readAmount(c, words(c, 1)[0]) ?? drop
            break
          case 'delay': {
            const [amount, duration] = words(c, 2)
            delay = readAmount(c, amount) ?? AMOUNT_DEFAULT
            delayMs = duration === undefined ? DELAY_DEFAULT_MS : readDuration(c, duration)
            break
          }
          case 'truncate':
            truncate = readAmount(c, words(c, 1)[0]) ?? AMOUNT_DEFAULT
            break
          case 'large':
            large = true
            break
          default:
            throw c.unknownProperty(['drop', 'delay', 'truncate', 'large'])
        }
      }
    }
    // Who asks for another misbehaviour gets no drops but those that a line names.
    drop ??= delay > 0 || truncate > 0 ? 0 : AMOUNT_DEFAULT
    const plugin = new Erratic({ drop, delay, delayMs, truncate, large }, context.runtime.clock)
    context.readiness(() => plugin.isReady())
    return plugin
  }
}

function words(c: Dispenser, max: number): readonly Token[] {
  const tokens = c.remainingTokens()
  if (tokens.length > max) throw c.argErr()
  return tokens
}

/** A number of 0 or more; undefined where there is no word. */
function readAmount(c: Dispenser, word: Token | undefined): number | undefined {
  if (word === undefined) return undefined
  const parsed = parseInteger(word.text)
  // Go reads 32 bits with another function, which its errors name.
  if (parsed.error !== undefined) throw c.bareErr(parsed.error.replace('Atoi', 'ParseInt'), undefined, word)
  if (Math.abs(parsed.value) > AMOUNT_MAX) {
    throw c.bareErr(`strconv.ParseInt: parsing ${quoteText(word.text)}: value out of range`, undefined, word)
  }
  if (parsed.value < 0) throw c.bareErr(`illegal amount value given ${quoteText(word.text)}`, undefined, word)
  return parsed.value
}

function readDuration(c: Dispenser, word: Token): number {
  const parsed = parseDuration(word.text)
  if (parsed.error !== undefined) throw c.bareErr(parsed.error, undefined, word)
  return Math.max(0, parsed.value)
}

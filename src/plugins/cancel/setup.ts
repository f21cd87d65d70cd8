// The `cancel` directive.
import { parseDuration, quoteText } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { Cancel } from './cancel.ts'

/** Just behind the 5 s that forwarding takes at most. */
const LIMIT_DEFAULT_MS = 5001

export const cancelPlugin: PluginDefinition = {
  name: 'cancel',
  setup(c, context) {
    let limitMs = 0
    while (c.next()) {
      const words = c.remainingTokens()
      const [word] = words
      if (words.length > 1) throw c.argErr('cancel takes one duration')
      if (word === undefined) {
        limitMs = LIMIT_DEFAULT_MS
        continue
      }
      const parsed = parseDuration(word.text)
      const quoted = quoteText(word.text)
      const hint = 'write it with its unit, as in 1s or 300ms'
      if (parsed.error !== undefined) throw c.bareErr(`invalid duration: ${quoted}`, hint, word)
      if (parsed.value <= 0) throw c.bareErr(`invalid negative duration: ${quoted}`, hint, word)
      limitMs = parsed.value
    }
    return new Cancel(limitMs, context.runtime.clock)
  }
}

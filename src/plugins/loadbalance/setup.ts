// The `loadbalance` directive. Its options are read and judged; the plugin doesn't use them yet.
import { parseCidr } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseDuration, quoteText } from '../../corefile/values.ts'
import type { PluginDefinition } from '../definition.ts'
import { warnNotInUse } from '../pass-through.ts'
import { Loadbalance } from './loadbalance.ts'

export const loadbalancePlugin: PluginDefinition = {
  name: 'loadbalance',
  setup(c, context) {
    while (c.next()) {
      const [policy, ...rest] = c.remainingTokens()
      const name = policy?.text ?? 'round_robin'
      if (name === 'round_robin') {
        if (rest.length > 0) throw c.errf('unknown property for round_robin')
        readPreferred(c)
      } else if (name === 'weighted') {
        if (rest.length === 0) throw c.errf('missing weight file argument')
        if (rest.length > 1) throw c.errf('unexpected argument(s)')
        readWeighted(c)
      } else throw c.bareErr(`unknown policy: ${name}`, 'loadbalance knows round_robin and weighted', policy)
    }
    warnNotInUse(context, 'loadbalance', 'records are answered in the order in which they come')
    return new Loadbalance()
  }
}

/** `prefer CIDR…` */
function readPreferred(c: Dispenser): void {
  while (c.nextBlock()) {
    if (c.val() !== 'prefer') throw c.unknownProperty(['prefer'])
    for (const word of c.remainingTokens()) {
      if (parseCidr(word.text) !== undefined) continue
      const quoted = quoteText(word.text)
      throw c.errf(`invalid CIDR ${quoted}: invalid CIDR address: ${word.text}`, undefined, word)
    }
  }
}

/** `reload DURATION` */
function readWeighted(c: Dispenser): void {
  while (c.nextBlock()) {
    if (c.val() !== 'reload') throw c.unknownProperty(['reload'])
    const words = c.remainingTokens()
    const [duration] = words
    if (duration === undefined) throw c.errf('reload duration value is missing')
    if (words.length > 1) throw c.errf('unexpected argument')
    if (parseDuration(duration.text).error !== undefined) {
      throw c.errf(`invalid reload duration '${duration.text}'`, undefined, duration)
    }
  }
}

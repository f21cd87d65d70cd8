// The `local` directive.
import { quoteText } from '../../corefile/values.ts'
import { LOCALHOST_REQUESTS } from '../../metrics/families.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import type { PluginDefinition } from '../definition.ts'
import { Local } from './local.ts'

export const localPlugin: PluginDefinition = {
  name: 'local',
  setup(c, context) {
    let takesPrefix = true
    while (c.next()) {
      if (c.remainingArgs().length > 0) throw c.argErr('local takes no arguments')
      while (c.nextBlock()) {
        if (c.val() !== 'localhost_prefix') throw c.unknownProperty(['localhost_prefix'])
        const words = c.remainingTokens()
        const [word] = words
        if (word === undefined || words.length > 1) throw c.argErr('write localhost_prefix on, or off')
        if (word.text !== 'on' && word.text !== 'off') {
          throw c.errf(`localhost_prefix expects 'on' or 'off', got ${quoteText(word.text)}`, undefined, word)
        }
        takesPrefix = word.text === 'on'
      }
    }
    const requests = metricsOf(context).counter(LOCALHOST_REQUESTS).with()
    return new Local(takesPrefix, requests, context.runtime.log.plugin('local'))
  }
}

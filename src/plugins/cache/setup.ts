// The `cache` directive. Its words are taken as they are until the plugin does something with them.
import type { PluginDefinition } from '../definition.ts'
import { skipBlock, warnNotInUse } from '../pass-through.ts'
import { Cache } from './cache.ts'

export const cachePlugin: PluginDefinition = {
  name: 'cache',
  setup(c, context) {
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      c.remainingArgs()
      skipBlock(c)
    }
    warnNotInUse(context, 'cache', 'every query is answered afresh')
    return new Cache()
  }
}

// The `cache` directive. Its options are read and judged; the plugin doesn't use them yet.
import type { PluginDefinition } from '../definition.ts'
import { warnNotInUse } from '../pass-through.ts'
import { Cache } from './cache.ts'
import { readCache } from './options.ts'

export const cachePlugin: PluginDefinition = {
  name: 'cache',
  setup(c, context) {
    readCache(c, context.keys)
    warnNotInUse(context, 'cache', 'every query is answered afresh')
    return new Cache()
  }
}

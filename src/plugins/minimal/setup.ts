// The `minimal` directive: no arguments, no options.
import type { PluginDefinition } from '../definition.ts'
import { Minimal } from './minimal.ts'

export const minimalPlugin: PluginDefinition = {
  name: 'minimal',
  setup(c, context) {
    c.next()
    if (c.nextArg()) throw c.argErr('minimal takes no arguments')
    return new Minimal(context.runtime.clock)
  }
}

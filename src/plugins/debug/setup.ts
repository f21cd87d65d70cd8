// The `debug` directive: no arguments. That it stands in a block is all there is to it: the app shows debug lines then.
import type { PluginDefinition } from '../definition.ts'

export const debugPlugin: PluginDefinition = {
  name: 'debug',
  setup(c) {
    while (c.next()) if (c.nextArg()) throw c.argErr('debug takes no arguments')
    return undefined
  }
}

// The `whoami` directive: no arguments, no options.
import type { PluginDefinition } from '../definition.ts'
import { Whoami } from './whoami.ts'

export const whoamiPlugin: PluginDefinition = {
  name: 'whoami',
  setup(c) {
    c.next()
    if (c.nextArg()) throw c.argErr('whoami takes no arguments')
    return new Whoami()
  }
}

// The `any` directive: no arguments, no options.
import type { PluginDefinition } from '../definition.ts'
import { Any } from './any.ts'

export const anyPlugin: PluginDefinition = {
  name: 'any',
  setup(c) {
    c.next()
    if (c.nextArg()) throw c.argErr('any takes no arguments')
    return new Any()
  }
}

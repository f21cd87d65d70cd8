// `view NAME { expr EXPRESSION }` (corefile-and-plugins.md §8.41).
import type { Query } from '../../dns/query.ts'
import type { PluginDefinition } from '../definition.ts'
import { ExpressionError } from './expression-error.ts'
import { compileExpression } from './expression.ts'
import { queryFunctions } from './functions.ts'
import { View, isPublisher } from './view.ts'

const NAME = 'view'

export const viewPlugin: PluginDefinition = {
  name: NAME,
  setup(c, context) {
    let publishers: readonly Publish[] = []
    const functions = queryFunctions((query, label) => {
      // The block is not asked yet: what its plugins know has to be collected for the choice already.
      const metadata = (query.metadata ??= new Map<string, string>())
      for (const publish of publishers) publish(query, metadata)
      return metadata.get(label) ?? ''
    })
    let plugin: View | undefined
    const conditions: ((query: Query) => boolean)[] = []
    while (c.next()) {
      if (plugin !== undefined) throw c.onceErr()
      const args = c.remainingArgs()
      if (args.length !== 1) throw c.argErr()
      plugin = new View(args[0] as string)
      while (c.nextBlock()) {
        if (c.val() !== 'expr') throw c.unknownProperty(['expr'])
        const start = c.token()
        const source = c.remainingArgs().join(' ')
        try {
          conditions.push(compileExpression(source, functions))
        } catch (error) {
          if (error instanceof ExpressionError) throw c.bareErr(error.message, undefined, start)
          throw error
        }
      }
    }
    if (plugin === undefined) return undefined
    context.viewAs(plugin.viewName, query => conditions.every(isTrue => isTrue(query)))
    if (context.directives.includes('metadata')) {
      context.onStartup(() => {
        publishers = context.directives.flatMap(name => {
          const other = context.plugin(name)
          return isPublisher(other) ? [other.publish.bind(other)] : []
        })
      })
    }
    return plugin
  }
}

type Publish = (query: Query, metadata: Map<string, string>) => void

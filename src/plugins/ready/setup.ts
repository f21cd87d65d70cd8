// The `ready` directive. Nothing of it stands in the query's way.
import type { Dispenser } from '../../corefile/dispenser.ts'
import type { PluginDefinition } from '../definition.ts'
import { endpointAddress, httpEndpointsOf, type Endpoint } from '../http-endpoints.ts'
import { Readiness } from './ready.ts'

export const readyPlugin: PluginDefinition = {
  name: 'ready',
  setup(c, context) {
    let address = endpointAddress(c, ':8181')
    let continuous = false
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      const args = c.remainingArgs()
      if (args.length > 1) throw c.argErr()
      if (args[0] !== undefined) address = endpointAddress(c, args[0])
      while (c.nextBlock()) {
        if (c.val() !== 'monitor') throw c.unknownProperty(['monitor'])
        continuous = readMonitor(c) === 'continuously'
      }
    }
    const readiness = context.once('ready', () => new Readiness(context.runtime.log.plugin('ready')))
    readiness.continuous = continuous
    let endpoint: Endpoint | undefined
    context.onStartup(async () => {
      for (const [name, check] of context.readinessChecks) readiness.add(name, check)
      for (const [name, words] of context.readinessWords) readiness.addWords(name, words)
      try {
        endpoint = await httpEndpointsOf(context).open('ready', address, '/ready', () => readiness.answer())
      } catch (error) {
        // CoreDNS starts without a word; a probe that fails should have a reason.
        const text = error instanceof Error ? error.message : String(error)
        context.runtime.log.own().warn(`plugin/ready is not served: ${text}`)
      }
    })
    context.onShutdown(async isFinal => {
      if (isFinal) readiness.stop()
      await endpoint?.close()
    })
    return undefined
  }
}

function readMonitor(c: Dispenser): string {
  const args = c.remainingTokens()
  const [monitor] = args
  if (monitor === undefined || args.length > 1) throw c.argErr('monitor takes until-ready or continuously')
  if (monitor.text !== 'until-ready' && monitor.text !== 'continuously') {
    throw c.errf(`monitor type '${monitor.text}' not supported`, 'it is until-ready or continuously', monitor)
  }
  return monitor.text
}

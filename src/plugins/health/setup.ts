// The `health` directive. Nothing of it stands in the query's way.
import type { Dispenser } from '../../corefile/dispenser.ts'
import { parseDuration } from '../../corefile/values.ts'
import { metricsOf } from '../../metrics/metrics.ts'
import type { PluginDefinition } from '../definition.ts'
import { endpointAddress, httpEndpointsOf } from '../http-endpoints.ts'
import { Health } from './health.ts'

export const healthPlugin: PluginDefinition = {
  name: 'health',
  setup(c, context) {
    let address = endpointAddress(c, ':8080')
    let lameduckMs = 0
    // Of several lines the last value counts.
    while (c.next()) {
      const args = c.remainingArgs()
      if (args.length > 1) throw c.argErr()
      if (args[0] !== undefined) address = endpointAddress(c, args[0])
      while (c.nextBlock()) {
        if (c.val() !== 'lameduck') throw c.unknownProperty(['lameduck'])
        lameduckMs = readLameduck(c)
      }
    }
    const { clock, http, log } = context.runtime
    const parts = {
      endpoints: httpEndpointsOf(context),
      metrics: metricsOf(context),
      log: log.plugin('health'),
      clock,
      http
    }
    const health = new Health({ address, lameduckMs }, parts)
    context.onStartup(() => health.start())
    context.onShutdown(isFinal => health.stop(isFinal))
    return undefined
  }
}

function readLameduck(c: Dispenser): number {
  const args = c.remainingTokens()
  const [duration] = args
  if (duration === undefined || args.length > 1) throw c.argErr('lameduck takes one duration, such as 5s')
  const parsed = parseDuration(duration.text)
  if (parsed.error === undefined) return parsed.value
  const message = `unable to parse lameduck duration value: '${duration.text}' : ${parsed.error}`
  throw c.bareErr(message, 'write it with a unit, such as 5s', duration)
}

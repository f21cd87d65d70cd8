// The `prometheus` directive.
import { metricsOf } from '../../metrics/metrics.ts'
import type { FamilySamples } from '../../metrics/family.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { endpointAddress, httpEndpointsOf, type Endpoint } from '../http-endpoints.ts'
import { Prometheus } from './prometheus.ts'

export const prometheusPlugin: PluginDefinition = {
  name: 'prometheus',
  setup(c, context) {
    let address = endpointAddress(c, 'localhost:9153')
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      const args = c.remainingArgs()
      if (args.length > 1) throw c.argErr()
      if (args[0] !== undefined) address = endpointAddress(c, args[0])
      while (c.nextBlock()) {
        switch (c.val()) {
          case 'runtime_metrics':
            if (c.remainingArgs().length > 0) throw c.argErr()
            break // there is no second set of them to choose
          case 'tls':
            if (c.remainingArgs().length !== 1) throw c.argErr()
            throw c.errf(
              'tls is not supported by labdns yet',
              'leave the line out: the metrics are served over HTTP'
            )
          default:
            throw c.errf(`unknown option: ${c.val()}`, 'prometheus knows runtime_metrics')
        }
      }
    }
    const metrics = metricsOf(context)
    const plugin = new Prometheus(metrics.queries, context.runtime.clock, context.keys)
    // One for all blocks, whose sample must not be there twice.
    const info = context.once('build info', () => new BuildInfoUse())
    const exposition = context.keep('prometheus', () => {
      // Loaded where the directive stands only: prom-client takes 20 ms of a start.
      return import('./exposition.ts').then(({ Exposition }) => new Exposition(metrics))
    })
    let endpoint: Endpoint | undefined
    let forget: (() => void) | undefined
    context.onStartup(async () => {
      const chain = context.directives.filter(
        name => name === 'prometheus' || context.plugin(name) !== undefined
      )
      plugin.setLabels(chain[chain.indexOf('prometheus') + 1] ?? '', context.viewName())
      forget = metrics.addCollector(() => enabledPlugins(context, chain))
      if (info.blocks++ === 0) info.forget = metrics.addCollector(() => buildInfo(context))
      const shown = await exposition
      try {
        endpoint = await httpEndpointsOf(context).open('metrics', address, '/metrics', () => shown.read())
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error)
        context.runtime.log.error(`Failed to start metrics handler: ${text}`)
      }
    })
    context.onShutdown(async () => {
      forget?.()
      if (--info.blocks === 0) info.forget()
      await endpoint?.close()
    })
    return plugin
  }
}

/** Blocks of a configuration that show what the program is, and how they stop. */
class BuildInfoUse {
  blocks = 0
  forget: () => void = () => undefined
}

function buildInfo(context: SetupContext): FamilySamples {
  const { version, revision } = context.build
  return {
    name: 'coredns_build_info',
    help: "A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.",
    type: 'gauge',
    samples: [{ suffix: '', labels: { version, revision, goversion: process.version }, value: 1 }]
  }
}

/** Which plugins stand in the query's way, for each of the block's zones. */
function enabledPlugins(context: SetupContext, chain: readonly string[]): FamilySamples {
  return {
    name: 'coredns_plugin_enabled',
    help: 'A metric that indicates whether a plugin is enabled on per server and zone basis.',
    type: 'gauge',
    samples: context.servers().flatMap(({ label, zone }) =>
      chain.map(name => ({
        suffix: '' as const,
        labels: { server: label, zone, view: context.viewName(), name },
        value: 1
      }))
    )
  }
}

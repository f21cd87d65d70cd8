// Every directive that CoreDNS knows, in the order in which its plugins are asked, and the plugins that labdns has
// (corefile-and-plugins.md §6). The order in a Corefile doesn't matter; this one does.
import type { PluginDefinition } from './definition.ts'

/** First asked first. Some stand for no plugin in the chain: they listen, bind or set something. */
export const directives: readonly string[] = [
  'root',
  'metadata',
  'geoip',
  'cancel',
  'proxyproto',
  'quic',
  'grpc_server',
  'https',
  'https3',
  'timeouts',
  'multisocket',
  'reload',
  'nsid',
  'bufsize',
  'bind',
  'debug',
  'trace',
  'ready',
  'health',
  'pprof',
  'shed',
  'prometheus',
  'errors',
  'log',
  'dnstap',
  'explain',
  'local',
  'dns64',
  'any',
  'chaos',
  'loadbalance',
  'tsig',
  'rewrite',
  'autopath',
  // labdns's own.
  'resolver',
  'acl',
  'cache',
  'header',
  'dnssec',
  'tls',
  'minimal',
  'template',
  'transfer',
  'hosts',
  'route53',
  'azure',
  'clouddns',
  'k8s_external',
  'kubernetes',
  'file',
  'auto',
  'secondary',
  'etcd',
  'loop',
  'forward',
  'grpc',
  'erratic',
  'whoami',
  'on',
  'sign',
  'view',
  'nomad'
]

/** Where each plugin is. Their order is that of the directives, for reading; `directives` decides. */
const plugins: Readonly<Record<string, PluginLoader>> = {
  root: async () => (await import('./root/setup.ts')).rootPlugin,
  metadata: async () => (await import('./metadata/setup.ts')).metadataPlugin,
  cancel: async () => (await import('./cancel/setup.ts')).cancelPlugin,
  https: async () => (await import('./https/setup.ts')).httpsPlugin,
  timeouts: async () => (await import('./timeouts/setup.ts')).timeoutsPlugin,
  multisocket: async () => (await import('./multisocket/setup.ts')).multisocketPlugin,
  reload: async () => (await import('./reload/setup.ts')).reloadPlugin,
  nsid: async () => (await import('./nsid/setup.ts')).nsidPlugin,
  bufsize: async () => (await import('./bufsize/setup.ts')).bufsizePlugin,
  bind: async () => (await import('./bind/setup.ts')).bindPlugin,
  debug: async () => (await import('./debug/setup.ts')).debugPlugin,
  ready: async () => (await import('./ready/setup.ts')).readyPlugin,
  health: async () => (await import('./health/setup.ts')).healthPlugin,
  prometheus: async () => (await import('./prometheus/setup.ts')).prometheusPlugin,
  errors: async () => (await import('./errors/setup.ts')).errorsPlugin,
  log: async () => (await import('./log/setup.ts')).logPlugin,
  explain: async () => (await import('./explain/setup.ts')).explainPlugin,
  local: async () => (await import('./local/setup.ts')).localPlugin,
  dns64: async () => (await import('./dns64/setup.ts')).dns64Plugin,
  any: async () => (await import('./any/setup.ts')).anyPlugin,
  chaos: async () => (await import('./chaos/setup.ts')).chaosPlugin,
  loadbalance: async () => (await import('./loadbalance/setup.ts')).loadbalancePlugin,
  rewrite: async () => (await import('./rewrite/setup.ts')).rewritePlugin,
  autopath: async () => (await import('./autopath/setup.ts')).autopathPlugin,
  resolver: async () => (await import('./resolver/setup.ts')).resolverPlugin,
  acl: async () => (await import('./acl/setup.ts')).aclPlugin,
  cache: async () => (await import('./cache/setup.ts')).cachePlugin,
  header: async () => (await import('./header/setup.ts')).headerPlugin,
  tls: async () => (await import('./tls/setup.ts')).tlsPlugin,
  minimal: async () => (await import('./minimal/setup.ts')).minimalPlugin,
  template: async () => (await import('./template/setup.ts')).templatePlugin,
  transfer: async () => (await import('./transfer/setup.ts')).transferPlugin,
  hosts: async () => (await import('./hosts/setup.ts')).hostsPlugin,
  k8s_external: async () => (await import('./k8s_external/setup.ts')).k8sExternalPlugin,
  kubernetes: async () => (await import('./kubernetes/setup.ts')).kubernetesPlugin,
  file: async () => (await import('./file/setup.ts')).filePlugin,
  auto: async () => (await import('./auto/setup.ts')).autoPlugin,
  secondary: async () => (await import('./secondary/setup.ts')).secondaryPlugin,
  loop: async () => (await import('./loop/setup.ts')).loopPlugin,
  forward: async () => (await import('./forward/setup.ts')).forwardPlugin,
  erratic: async () => (await import('./erratic/setup.ts')).erraticPlugin,
  whoami: async () => (await import('./whoami/setup.ts')).whoamiPlugin,
  view: async () => (await import('./view/setup.ts')).viewPlugin
}

/** The definitions of plugins by directive: of those that a configuration names, and more for all one knows. */
export type Plugins = ReadonlyMap<string, PluginDefinition>

/** Whether labdns has a plugin of this name. */
export const isPlugin = (directive: string): boolean => Object.hasOwn(plugins, directive)

/**
 * Loads the plugins behind these directives; one that labdns doesn't have is left out. What nobody names is never loaded:
 * all of them together take 15 MB more of resident memory than the five that serve a cluster.
 */
export async function loadPlugins(directives: Iterable<string>): Promise<Plugins> {
  const names = [...new Set(directives)].filter(isPlugin)
  return new Map(
    await Promise.all(names.map(async name => [name, await (plugins[name] as PluginLoader)()] as const))
  )
}

type PluginLoader = () => Promise<PluginDefinition>

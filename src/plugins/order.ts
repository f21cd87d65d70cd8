// Every directive that CoreDNS knows, in the order in which its plugins are asked, and the plugins that labdns has
// (corefile-and-plugins.md §6). The order in a Corefile doesn't matter; this one does.
import { autopathPlugin } from './autopath/setup.ts'
import { autoPlugin } from './auto/setup.ts'
import { bindPlugin } from './bind/setup.ts'
import { cachePlugin } from './cache/setup.ts'
import type { PluginDefinition } from './definition.ts'
import { dns64Plugin } from './dns64/setup.ts'
import { errorsPlugin } from './errors/setup.ts'
import { filePlugin } from './file/setup.ts'
import { forwardPlugin } from './forward/setup.ts'
import { k8sExternalPlugin } from './k8s_external/setup.ts'
import { kubernetesPlugin } from './kubernetes/setup.ts'
import { templatePlugin } from './template/setup.ts'
import { secondaryPlugin } from './secondary/setup.ts'
import { transferPlugin } from './transfer/setup.ts'
import { healthPlugin } from './health/setup.ts'
import { loadbalancePlugin } from './loadbalance/setup.ts'
import { logPlugin } from './log/setup.ts'
import { loopPlugin } from './loop/setup.ts'
import { multisocketPlugin } from './multisocket/setup.ts'
import { prometheusPlugin } from './prometheus/setup.ts'
import { readyPlugin } from './ready/setup.ts'
import { reloadPlugin } from './reload/setup.ts'
import { rewritePlugin } from './rewrite/setup.ts'
import { viewPlugin } from './view/setup.ts'
import { whoamiPlugin } from './whoami/setup.ts'
import { aclPlugin } from './acl/setup.ts'
import { anyPlugin } from './any/setup.ts'
import { bufsizePlugin } from './bufsize/setup.ts'
import { cancelPlugin } from './cancel/setup.ts'
import { chaosPlugin } from './chaos/setup.ts'
import { debugPlugin } from './debug/setup.ts'
import { erraticPlugin } from './erratic/setup.ts'
import { headerPlugin } from './header/setup.ts'
import { hostsPlugin } from './hosts/setup.ts'
import { localPlugin } from './local/setup.ts'
import { metadataPlugin } from './metadata/setup.ts'
import { minimalPlugin } from './minimal/setup.ts'
import { nsidPlugin } from './nsid/setup.ts'
import { rootPlugin } from './root/setup.ts'
import { timeoutsPlugin } from './timeouts/setup.ts'
import { httpsPlugin } from './https/setup.ts'
import { tlsPlugin } from './tls/setup.ts'

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
  'local',
  'dns64',
  'any',
  'chaos',
  'loadbalance',
  'tsig',
  'rewrite',
  'autopath',
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

/** The plugins there are. Their order here is that of the directives, for reading; `directives` decides. */
export const definitions: readonly PluginDefinition[] = [
  rootPlugin,
  metadataPlugin,
  cancelPlugin,
  httpsPlugin,
  timeoutsPlugin,
  multisocketPlugin,
  reloadPlugin,
  nsidPlugin,
  bufsizePlugin,
  bindPlugin,
  debugPlugin,
  readyPlugin,
  healthPlugin,
  prometheusPlugin,
  errorsPlugin,
  logPlugin,
  localPlugin,
  dns64Plugin,
  anyPlugin,
  chaosPlugin,
  loadbalancePlugin,
  rewritePlugin,
  autopathPlugin,
  aclPlugin,
  cachePlugin,
  headerPlugin,
  tlsPlugin,
  minimalPlugin,
  templatePlugin,
  transferPlugin,
  hostsPlugin,
  k8sExternalPlugin,
  kubernetesPlugin,
  filePlugin,
  autoPlugin,
  secondaryPlugin,
  loopPlugin,
  forwardPlugin,
  erraticPlugin,
  whoamiPlugin,
  viewPlugin
]

const byName: ReadonlyMap<string, PluginDefinition> = new Map(definitions.map(each => [each.name, each]))

/** The plugin behind a directive; `undefined` when labdns doesn't have it (yet). */
export const definitionOf = (directive: string): PluginDefinition | undefined => byName.get(directive)

// The configurations that are measured.

/** The plugins that the speed bounds name. */
export const FULL_CHAIN = ['errors', 'health', 'ready', 'kubernetes', 'prometheus'] as const

/** A Corefile with one block that holds these plugins; `kubernetes` gets the zones that the questions lie in. */
export function corefile(plugins: readonly string[]): string {
  const zones = 'cluster.local in-addr.arpa ip6.arpa'
  const lines = plugins.map(plugin => (plugin === 'kubernetes' ? `kubernetes ${zones}` : plugin))
  return `.:53 {\n${lines.map(line => `    ${line}\n`).join('')}}\n`
}

export interface KubeadmOptions {
  /** Where names outside the cluster are asked for, in place of the node's resolv.conf. */
  readonly upstreamPort: number
  /** Whether each query is logged. */
  readonly log?: boolean
  /** As kubeadm wrote it before 1.33, when *cache* was not told to leave the cluster's names alone. */
  readonly older?: boolean
}

/** The Corefile that kubeadm writes. */
export function kubeadmCorefile({ upstreamPort, log = false, older = false }: KubeadmOptions): string {
  const cacheBlock = older
    ? ''
    : ` {
       disable success cluster.local
       disable denial cluster.local
    }`
  return `.:53 {
    errors${log ? '\n    log' : ''}
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . 127.0.0.1:${upstreamPort} {
       max_concurrent 1000
    }
    cache 30${cacheBlock}
    loop
    reload
    loadbalance
}
`
}

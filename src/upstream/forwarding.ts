// What a plugin that forwards lets others know and do: the way for *loop* to say which upstream is to blame.

/** Where an upstream was named. */
export interface UpstreamOrigin {
  /** The word of the Corefile: an address, a host name, or a file. */
  readonly word: string
  /** `Corefile:3:15` */
  readonly place: string
  /** `/etc/resolv.conf:2`, where the word is a file that names it. */
  readonly fileLine: string | undefined
}

export interface Forwarding {
  /** `upstream` is its address and port, as in the metric label `to`. */
  originOf(upstream: string): UpstreamOrigin | undefined
  /** Asks this upstream no more; where none is left, queries fail and clients with EDNS are told why. */
  stopForwarding(upstream: string, reason: string): void
}

/** Whether a plugin forwards. */
export function isForwarding(plugin: object | undefined): plugin is Forwarding {
  return plugin !== undefined && 'stopForwarding' in plugin
}

// What asking an API server takes, and nothing about where it comes from: kubeconfig, service account, or a test.
import type { TlsMaterial } from '../../runtime/tls-material.ts'

/** Where an API server is and how to ask it. */
export interface ApiConnection {
  /** `https://10.96.0.1:443` with an optional path; credentials never in it. */
  readonly base: URL
  /** Host and port for metrics, where the URL leaves out its scheme's own port. Default: those of `base`. */
  readonly host?: string
  /** Equal text: equal server and credentials' origin. For keys and messages. */
  readonly name: string
  /** Where the address and the credentials come from, for messages: `context dev of /etc/labdns/kubeconfig`. */
  readonly origin?: string
  /**
   * Headers and TLS material for one request, asked for each request since bound tokens rotate (files are re-read).
   * `renew`: they failed last time: a 401, or no trust. Rejects with an Error whose message a person can act on.
   */
  credentials(renew: boolean): Promise<ApiCredentials>
}

export interface ApiCredentials {
  readonly headers: Readonly<Record<string, string>>
  /** As node:https takes them; a change of these makes a new agent. */
  readonly tls: TlsMaterial
}

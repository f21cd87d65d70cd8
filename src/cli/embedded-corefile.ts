// The Corefiles that are used where nobody gave one.
import type { Files } from '../runtime/files.ts'

/** The port of the embedded Corefile: no privilege needed. */
export const EMBEDDED_PORT = 1053

/**
 * What serves `--manifests` or `--apps` without a Corefile. Questions about other names go where this machine sends its own, if it
 * says so anywhere.
 */
export function embeddedCorefile(files: Files): string {
  const forward = hasNameServer(files) ? '    forward . /etc/resolv.conf\n' : ''
  return `.:${EMBEDDED_PORT} {
    bind 127.0.0.1
    explain
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
${forward}}
`
}

/** What CoreDNS serves without a Corefile (corefile-and-plugins.md §1.3). */
export function bareCorefile(port: string): string {
  return `.:${port} {\n    whoami\n    log\n}\n`
}

function hasNameServer(files: Files): boolean {
  try {
    return /^\s*nameserver\s+\S/m.test(files.read('/etc/resolv.conf').toString('utf8'))
  } catch {
    return false
  }
}

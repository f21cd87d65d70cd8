// The configuration that is measured.

/** The plugins that the speed bounds name. */
export const FULL_CHAIN = ['errors', 'health', 'ready', 'kubernetes', 'prometheus'] as const

/** A Corefile with one block that holds these plugins; `kubernetes` gets the zones that the questions lie in. */
export function corefile(plugins: readonly string[]): string {
  const zones = 'cluster.local in-addr.arpa ip6.arpa'
  const lines = plugins.map(plugin => (plugin === 'kubernetes' ? `kubernetes ${zones}` : plugin))
  return `.:53 {\n${lines.map(line => `    ${line}\n`).join('')}}\n`
}

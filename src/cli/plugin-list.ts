// `-plugins`: what this server knows, in the order the plugins are asked.
import { DEFINED_PLUGINS } from '../plugins/order.ts'

/** The list that `-plugins` prints. */
export function pluginList(): string {
  return `Server types:\n  dns\n\nOther plugins:\n${DEFINED_PLUGINS.map(name => `  dns.${name}\n`).join('')}`
}

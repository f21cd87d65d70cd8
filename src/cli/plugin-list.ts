// `-plugins`: what this server knows, in the order the plugins are asked.
import { directives, isPlugin } from '../plugins/order.ts'

/** The list that `-plugins` prints. */
export function pluginList(): string {
  const names = directives.filter(isPlugin)
  return `Server types:\n  dns\n\nOther plugins:\n${names.map(name => `  dns.${name}\n`).join('')}`
}

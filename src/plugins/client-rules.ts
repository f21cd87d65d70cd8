// The rules about clients of a whole configuration: who keeps answers keeps them under these rules, and no others.
import type { SetupContext, Shared } from './definition.ts'

const rulesOf = (shared: Shared): string[] => shared.once('client rules', () => [])

/** Says that a block decides by its clients who is answered. */
export function addClientRules(context: SetupContext): void {
  rulesOf(context).push(context.fingerprint())
}

/** Other words when a block that decides by its clients has changed, came or went. To be asked once all blocks are read. */
export const clientRules = (shared: Shared): string => rulesOf(shared).join(' ')

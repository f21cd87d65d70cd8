// A configuration that is asked in this process: nobody else is served, and nothing listens.
import type { Block } from '../corefile/load.ts'

/** Directives that listen, watch, probe or log. */
const SERVING = 'health ready prometheus pprof reload loop log errors debug dnstap'.split(' ')

/** The id of messages that never leave this process: any will do. */
export const INNER_ID = 0x4c44

/** The block without what serves others, and without `more`. */
export function unserved(block: Block, more: readonly string[] = []): Block {
  const directives = new Map(block.directives)
  for (const name of [...SERVING, ...more]) directives.delete(name)
  return { ...block, directives }
}

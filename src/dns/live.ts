// What a plugin offers that answers from state which changes under way.
import type { Plugin } from './plugin.ts'
import type { Query } from './query.ts'

export interface LiveSource extends Plugin {
  /** Whether the query gets no further than this plugin: it answers it whatever its state holds. */
  owns(query: Query): boolean
}

/** Whether a plugin answers from live state. */
export function isLiveSource(plugin: object | undefined): plugin is LiveSource {
  return plugin !== undefined && 'owns' in plugin
}

// What changed: for the sinks, and for people to read of.
import type { ClusterObject } from '../objects.ts'
import type { ManifestFile } from './manifest-file.ts'

/** Something that changed, for people to read of. */
export interface Changed {
  readonly action: 'added' | 'changed' | 'removed'
  readonly object: { readonly kind: string; readonly namespace?: string; readonly name: string }
  /** The file that caused it; `undefined` for what follows from other objects: mirrored slices, what is simulated. */
  readonly file: ManifestFile | undefined
}

/** Something to tell the sinks. */
export interface Change extends Changed {
  /** The object as it is now; when removed, as it was. */
  readonly object: ClusterObject
}

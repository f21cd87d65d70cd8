// The outside world, as one value that is handed in.
import type { Clock } from './clock.ts'
import type { Files } from './files.ts'
import type { Http } from './http.ts'
import type { Log } from './log.ts'
import type { Random } from './random.ts'

export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly files: Files
  readonly http: Http
  /** The environment that `{$NAME}` in a Corefile reads. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

// The outside world, as one value that is handed in.
import type { Clock } from './clock.ts'
import type { Files } from './files.ts'
import type { Http } from './http.ts'
import type { Log } from './log.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { NextTurn } from './turn.ts'

export interface Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Whether debug lines are written from here on (`debug`); absent where the log has no levels. */
  readonly showDebug?: (shown: boolean) => void
  /** Lines that the log had to drop so far; absent where it drops none. */
  readonly linesDropped?: () => number
  readonly files: Files
  readonly http: Http
  readonly network: Network
  readonly nextTurn: NextTurn
  /** The environment that `{$NAME}` in a Corefile reads. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

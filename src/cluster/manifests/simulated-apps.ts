// What serving applications takes, in one file to load: their kinds, and the control plane that is simulated.
import { Simulation } from '../apps/simulation.ts'
import type { SimulationOptions } from '../apps/simulated.ts'
import { APP_KINDS } from './app-kinds.ts'
import { AppsState } from './apps-state.ts'
import { whyForeign } from './foreign-files.ts'
import type { Kinds } from './kinds.ts'

export interface SimulatedApps {
  readonly kinds: Kinds
  readonly state: AppsState
  /** Why a file is none of an application's manifests; undefined: it may be one. */
  readonly whyForeign: typeof whyForeign
}

export function simulatedApps(options: SimulationOptions): SimulatedApps {
  return { kinds: APP_KINDS, state: new AppsState(new Simulation(options)), whyForeign }
}

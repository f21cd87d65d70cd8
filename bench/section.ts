// What a section of the benchmark is given, and what it gives back.
import type { SectionResult } from './report.ts'
import type { Workspace } from './targets.ts'

export interface SectionContext {
  readonly workspace: Workspace
  readonly rounds: number
  /** Length of one measurement. */
  readonly seconds: number
  /** How long the memory section lets a server rest before it looks again. */
  readonly restSeconds: number
}

export interface Section {
  readonly name: string
  /** What it needs that may be missing. */
  readonly needs: { readonly load: boolean; readonly server: boolean }
  run(context: SectionContext): Promise<SectionResult>
}

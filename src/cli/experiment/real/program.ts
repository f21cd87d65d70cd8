// What a program of this machine is that looks names up, and how one is looked for.
import type { Family } from '../../../resolver/model.ts'

/** What a program printed. */
export interface Output {
  /** Null: it was ended. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a program found, in its own words. */
export interface Outcome {
  /** Null: it found something. */
  readonly error: string | null
  readonly addresses: readonly string[]
}

/** A program that is there. */
export interface RealProgram {
  /** As the rows call it: `glibc-2.36 (this machine)`. */
  readonly resolver: string
  /** The model whose rows it stands beside. */
  readonly model: string
  /** For people: what is run. */
  readonly call: string
  command(name: string, family: Family): readonly string[]
  read(output: Output): Outcome
}

/** This machine, as far as looking for programs needs it. */
export interface Machine {
  /** Runs something for at most `limitMs`; undefined: it isn't there. */
  run(command: readonly string[], limitMs?: number): Output | undefined
  /** Writes a file into a folder that goes when the experiment ends; gives its path. */
  write(name: string, text: string): string
  /** The Node.js of this process. */
  readonly node: { readonly file: string; readonly version: string; readonly glibc: string | undefined }
}

/** How a program is looked for. */
export interface Recipe {
  /** As `--real` calls it. */
  readonly word: string
  /** The program, or why it can't be run. */
  find(machine: Machine): RealProgram | string
}

export const here = (name: string): string => `${name} (this machine)`

// What a command that ends says of its failure.
import { CorefileError } from '../corefile/position.ts'
import { renderError } from '../corefile/report.ts'
import { printable } from '../runtime/printable.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { fileText } from './state.ts'

/** An error of a Corefile with its place; anything else line by line behind `error: `. Without a final line break. */
export function mistakeText(error: unknown, runtime: Runtime): string {
  if (error instanceof CorefileError) return renderError(error, fileText(runtime))
  const message = error instanceof Error ? error.message : String(error)
  return message
    .split('\n')
    .map(line => `error: ${printable(line)}`)
    .join('\n')
}

// The file that says "everything answers now", for test suites and scripts that start a server on port 0.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** `{pid, dns: [{address, port, transport}], http: {health: {address, port}, …}}`. */
export interface Ready {
  readonly pid: number
  readonly dns: readonly { readonly address: string; readonly port: number; readonly transport: string }[]
  readonly http: Readonly<Record<string, { readonly address: string; readonly port: number }>>
}

/**
 * Writes the file whole or not at all: beside it first, then renamed, so whoever waits for it never reads half of it.
 * Throws the operating system's error.
 */
export function writeReadyFile(path: string, ready: Ready): void {
  const beside = `${path}.${ready.pid}.new`
  try {
    writeFileSync(beside, `${JSON.stringify(ready)}\n`)
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** Takes the file away, unless another process has written it since. */
export function removeReadyFile(path: string, pid: number): void {
  try {
    const ready = JSON.parse(readFileSync(path, 'utf8')) as Partial<Ready>
    if (ready.pid === pid) rmSync(path)
  } catch {
    // Gone already, or not ours.
  }
}

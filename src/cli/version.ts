// Who we are, in the two lines that CoreDNS prints at its start (corefile-and-plugins.md §4.2).
import { readFileSync } from 'node:fs'

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }

function readBeside(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, import.meta.url), 'utf8')
  } catch {
    return undefined
  }
}

/** The package's version. */
export function version(): string {
  // A bundle carries its package.json beside it; compiled sources find it three folders up.
  const text = readBeside('../../../package.json') ?? readBeside('./package.json') ?? '{}'
  const parsed = JSON.parse(text) as { version?: string }
  return parsed.version ?? 'unknown'
}

/** For `coredns_build_info`. */
export function buildInfo(): { readonly version: string; readonly revision: string } {
  return { version: version(), revision: commit() }
}

const commit = (): string => (readBeside('../../commit') ?? readBeside('./commit') ?? '').trim()

/** `labdns-0.1.0`, then system, runtime and commit. */
export function versionLines(): string[] {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch
  return [
    `labdns-${version()}`,
    `${process.platform}/${architecture}, node${process.versions.node}, ${commit() || 'unknown'}`
  ]
}

// Files as kubelet mounts them and people write them, and a runtime that reads them.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { systemFiles } from '../../../src/runtime/files.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A folder of its own for a test; files by name. */
export function folderWith(
  t: { teardown(task: () => void): void },
  texts: Readonly<Record<string, string>>
): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'labdns-connection-')))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(path.join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o600 })
  }
  return folder
}

export const realFiles = (environment: Readonly<Record<string, string>> = {}) => ({
  files: systemFiles,
  clock: new FakeClock(),
  environment
})

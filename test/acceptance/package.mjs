// The package as people get it: packed, installed into an empty folder, started with npx. Needs the npm registry.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { servesExamples } from './serving.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-package-'))
const npm = (args, cwd) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const [{ filename }] = JSON.parse(
    npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)
  )
  npm(['init', '-y'], folder)
  npm(['install', '--ignore-scripts', '--no-audit', '--no-fund', path.join(folder, filename)], folder)
  const types = path.join(folder, 'node_modules/labdns/build/src/app.d.ts')
  if (!existsSync(types)) throw new Error('the package has no types')
  await servesExamples('npx', ['labdns', 'serve', '--apps', 'node_modules/labdns/config/apps'], {
    cwd: folder
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

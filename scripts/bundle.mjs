// Bundles the program with its packages into a few files (docs/decisions/0008-one-file-to-start.md), their notices beside them:
//   node scripts/bundle.mjs entry   in the place of what tsc wrote, and the server of the bench from the same pieces
//   node scripts/bundle.mjs image   build/image, all that an image needs besides Node
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { build } from 'esbuild'

const absWorkingDir = path.resolve(import.meta.dirname, '..')

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'linked',
  // Packages that are CommonJS require modules of Node.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" }
}

const bundles = {
  entry: () =>
    build({
      ...common,
      entryPoints: ['src/cli/labdns.ts', 'bench/server-process.ts'],
      outbase: '.',
      outdir: 'build',
      chunkNames: 'src/cli/[name]-[hash]',
      sourcemap: true,
      logLevel: 'warning'
    }),
  image: async () => {
    await build({
      ...common,
      entryPoints: ['src/cli/labdns.ts'],
      outdir: 'build/image',
      logLevel: 'info'
    })
    copyFileSync(
      path.join(absWorkingDir, 'package.json'),
      path.join(absWorkingDir, 'build/image/package.json')
    )
  }
}

const wanted = process.argv[2] ?? ''
if (!Object.hasOwn(bundles, wanted)) {
  process.stderr.write(`bundle.mjs: expected ${Object.keys(bundles).join(' or ')}, found '${wanted}'\n`)
  process.exit(2)
}
await bundles[wanted]()

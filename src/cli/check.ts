// `labdns check`: reads a Corefile, sets every plugin up, prints what would serve.
import { App } from '../app.ts'
import { CorefileError } from '../corefile/position.ts'
import { checkCorefile, readConfigured, unwrapped } from '../corefile/load.ts'
import { renderErrors } from '../corefile/report.ts'
import { directives } from '../plugins/order.ts'
import type { Block } from '../corefile/load.ts'
import type { ServeArguments } from './arguments.ts'
import { buildInfo } from './version.ts'
import { chooseConfiguration, fileText, sourceChooser, systemRuntime } from './state.ts'

/** Prints the effective blocks and chains; settles with 1 when the file has a mistake. */
export async function check(args: ServeArguments): Promise<number> {
  const { runtime, processLog } = systemRuntime()
  const errors: CorefileError[] = []
  try {
    if (args.conf !== undefined && args.conf !== 'stdin') {
      const options = { files: runtime.files, environment: runtime.environment, knownDirectives: directives }
      const { text, file } = readConfigured(args.conf, options)
      const corefile = await unwrapped(text, file)
      errors.push(...checkCorefile(corefile.text, file, { ...options, ...corefile }).errors)
    }
    if (errors.length === 0) {
      const chosen = await chooseConfiguration(args, runtime)
      const { blocks, file } = chosen.configuration
      // Nothing is opened: sources and listeners are made by `start`. A stanza without a source is no mistake here.
      const isGiven = args.manifests.length > 0 || args.apps.length > 0
      const withSource = isGiven ? args : { ...args, manifests: ['.'] }
      const app = new App({
        blocks,
        runtime,
        build: buildInfo(),
        lenient: args.lenient,
        clusterSource: sourceChooser(withSource, runtime, () => new Uint8Array())
      })
      await app.discard()
      if (chosen.text !== undefined) process.stdout.write(`# ${file}\n${chosen.text}\n`)
      process.stdout.write(blocks.map(describeBlock).join('\n'))
      for (const warning of chosen.configuration.warnings) process.stderr.write(`warning: ${warning}\n`)
      for (const note of chosen.configuration.notes) {
        process.stderr.write(`warning: ${note.at.file}:${note.at.line}:${note.at.column}: ${note.message}\n`)
      }
      await processLog.flush(1000)
      return 0
    }
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    errors.push(error)
  }
  await processLog.flush(1000)
  process.stderr.write(`${renderErrors(errors, fileText(runtime))}\n`)
  return 1
}

function describeBlock(block: Block): string {
  const keys = block.keys.map(
    key => `${key.transport === 'dns' ? '' : `${key.transport}://`}${key.zone}:${key.port}`
  )
  const at = block.keys[0]?.token.at
  const lines = [`${keys.join(' ')}    # ${at === undefined ? '' : `${at.file}:${at.line}`}`]
  for (const name of directives) {
    const directive = block.directives.get(name)
    if (directive === undefined) continue
    const places = directive.starts.map(start => `${start.file}:${start.line}`).join(', ')
    lines.push(`  ${name.padEnd(14)} # ${places}`)
  }
  return `${lines.join('\n')}\n`
}

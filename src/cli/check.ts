// `labdns check`: reads a Corefile, sets every plugin up, prints what would serve.
import { App } from '../app.ts'
import { checkCorefile, readConfigured, unwrapped, type Configuration } from '../corefile/load.ts'
import { CorefileError } from '../corefile/position.ts'
import { renderErrors, type ReadFileText } from '../corefile/report.ts'
import { LineWriter } from '../runtime/line-writer.ts'
import { processLog } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { ServeArguments } from './arguments.ts'
import { effectiveText } from './effective.ts'
import {
  chooseConfiguration,
  corefileOptions,
  fileText,
  readListen,
  readPort,
  sourceChooser,
  runtimeWith
} from './state.ts'
import { buildInfo } from './version.ts'

/** What was read. */
interface Reading {
  readonly configuration: Configuration
  readonly errors: readonly CorefileError[]
  /** The Corefile's text where it is in no file. */
  readonly embedded: string | undefined
  /** For showing lines of it: standard input can't be read again. */
  readonly textOf: ReadFileText
}

/** Prints the effective blocks and chains; settles with 1 when the file has a mistake, after all that could be found. */
export async function check(args: ServeArguments): Promise<number> {
  // What set-up has to say goes beside the text, and behind what it is refused for.
  const said: Buffer[] = []
  const writer = new LineWriter((octets, done) => done(null, said.push(octets) && octets.length))
  const { runtime } = runtimeWith(processLog({ writer }))
  const errors: CorefileError[] = []
  let textOf: ReadFileText = fileText(runtime)
  try {
    const reading = await read(args, runtime)
    textOf = reading.textOf
    errors.push(...reading.errors)
    // Behind other errors words may be missing or in a wrong place, and plugins would complain of that.
    if (errors.every(({ code }) => code === 'UNKNOWN_DIRECTIVE')) {
      const text = await setUp(args, runtime, reading.configuration, errors)
      if (text !== undefined) {
        const { configuration, embedded } = reading
        if (embedded !== undefined) process.stdout.write(`# ${configuration.file}\n${embedded}\n`)
        process.stdout.write(text)
        for (const warning of configuration.warnings) process.stderr.write(`warning: ${warning}\n`)
        for (const { at, message } of configuration.notes) {
          process.stderr.write(`warning: ${at.file}:${at.line}:${at.column}: ${message}\n`)
        }
      }
    }
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    errors.push(error)
  }
  if (errors.length > 0) process.stderr.write(`${renderErrors(errors, textOf)}\n`)
  for (const octets of said) process.stderr.write(octets)
  return errors.length > 0 ? 1 : 0
}

/** Reads the Corefile that `serve` would read; where that finds none, what it would serve instead. */
async function read(args: ServeArguments, runtime: Runtime): Promise<Reading> {
  const path = args.conf ?? 'Corefile'
  const textOf = fileText(runtime)
  if (args.conf !== undefined || runtime.files.kind(path) !== undefined) {
    const options = corefileOptions(args, runtime)
    const { text, file } =
      args.conf === undefined
        ? { text: runtime.files.read(path).toString('utf8'), file: path }
        : readConfigured(path, options)
    const corefile = await unwrapped(text, file)
    const { errors, ...configuration } = checkCorefile(corefile.text, file, { ...options, ...corefile })
    if (errors.length > 0 || configuration.blocks.length > 0) {
      return {
        configuration,
        errors,
        embedded: undefined,
        textOf: name => (name === file ? text : textOf(name))
      }
    }
  }
  const { configuration, text } = await chooseConfiguration(args, runtime)
  return {
    configuration,
    errors: [],
    embedded: text,
    textOf: name => (name === configuration.file ? text : textOf(name))
  }
}

/** Sets everything up; the effective text, or undefined with errors added. */
async function setUp(
  args: ServeArguments,
  runtime: Runtime,
  { blocks }: Configuration,
  errors: CorefileError[]
): Promise<string | undefined> {
  // Nothing is opened: sources and listeners are made by `start`. A stanza without a source is no mistake here.
  const isGiven = args.manifests.length > 0 || args.apps.length > 0
  const withSource = isGiven ? args : { ...args, manifests: ['.'] }
  const mistakes: CorefileError[] = []
  try {
    const app = await App.create({
      blocks,
      runtime,
      build: buildInfo(),
      lenient: args.lenient,
      mistakes,
      listen: args.listen === undefined ? undefined : readListen(args.listen),
      httpBase: args.httpBase === undefined ? undefined : readPort('--http-base', args.httpBase),
      clusterSource: sourceChooser(withSource, runtime, { readStandardInput: () => new Uint8Array() })
    })
    const text = effectiveText(blocks, block => app.chainOf(block), process.cwd())
    await app.discard()
    return errors.length === 0 ? text : undefined
  } catch (error) {
    if (!(error instanceof CorefileError)) throw error
    errors.push(...(mistakes.includes(error) ? mistakes : [error]))
    return undefined
  }
}

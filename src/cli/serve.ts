// `labdns serve`: starts the server, prints what CoreDNS prints, and ends it on signals (corefile-and-plugins.md §4).
import { readFileSync, writeFileSync } from 'node:fs'
import { App, type Addresses } from '../app.ts'
import { Reloader } from '../app/reloader.ts'
import { CorefileError } from '../corefile/position.ts'
import { renderError } from '../corefile/report.ts'
import type { ManifestSource } from '../cluster/manifests/manifest-source.ts'
import type { ProcessLog } from '../runtime/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { ListenError } from '../server/listen-error.ts'
import { removeReadyFile, writeReadyFile } from '../server/ready-file.ts'
import type { ServeArguments } from './arguments.ts'
import { banner } from './banner.ts'
import {
  chooseConfiguration,
  corefileReader,
  fileText,
  readListen,
  readPort,
  sourceChooser,
  systemRuntime
} from './state.ts'
import { buildInfo, versionLines } from './version.ts'

/** Runs until a signal ends it; settles with the exit status. */
export async function serve(args: ServeArguments): Promise<number> {
  const { runtime, processLog } = systemRuntime(args.logFormat === 'json' ? 'json' : 'text')
  let app: App
  let end: (status: number) => void = () => undefined
  const ended = new Promise<number>(resolve => (end = resolve))
  let addresses: Addresses
  // Those of the start alone: a reload's are not held here.
  let sources: ManifestSource[] | undefined = []
  try {
    const chosen = await chooseConfiguration(args, runtime)
    for (const warning of chosen.configuration.warnings) runtime.log.warn(warning)
    for (const note of chosen.configuration.notes) {
      runtime.log.own().warn(`${note.at.file}:${note.at.line}:${note.at.column}: ${note.message}`)
    }
    if (chosen.origin === 'bare' && !args.quiet) {
      runtime.log
        .own()
        .info(
          'no Corefile: serving whoami. Name one with -conf FILE, or serve objects with --apps FOLDER or --manifests FOLDER'
        )
    }
    app = await App.create({
      blocks: chosen.configuration.blocks,
      runtime,
      build: buildInfo(),
      words: process.argv.slice(2),
      listen: args.listen === undefined ? undefined : readListen(args.listen),
      lenient: args.lenient,
      snapshot: args.snapshot,
      httpBase: args.httpBase === undefined ? undefined : readPort('--http-base', args.httpBase),
      clusterSource: sourceChooser(args, runtime, {
        readStandardInput: () => readFileSync(0),
        made: source => void sources?.push(source)
      }),
      end
    })
    addresses = await app.start()
  } catch (error) {
    return failedStart(error, runtime, processLog)
  }
  const reloader = new Reloader({ app, runtime, read: corefileReader(args, runtime) })
  // Before anybody is told that we serve, and may end us.
  const signalled = untilSignalled(app, reloader, runtime, processLog)
  // A signal may come before the state of the cluster does.
  await Promise.race([app.clusterArrival(), signalled, ended])
  if (!args.quiet) for (const line of app.zoneLines) processLog.print(line)
  await reloader.begin()
  if (!args.quiet) {
    for (const line of versionLines()) processLog.print(line)
    const isStartedByPerson = process.stdout.isTTY || process.env['npm_lifecycle_event'] === 'start'
    if (isStartedByPerson) {
      const offered = sources.flatMap(source => source.corefileConfigMap ?? [])
      const corefile = args.conf === undefined ? offered[0] : undefined
      for (const line of banner(app, addresses, corefile, process.argv.slice(2))) processLog.print(line)
    }
  }
  sources = undefined
  if (args.pidfile !== undefined) writePidFile(args.pidfile, runtime)
  if (args.readyFile !== undefined) {
    try {
      writeReadyFile(args.readyFile, { pid: process.pid, ...addresses })
    } catch (error) {
      // Whoever waits for the file would wait for ever.
      await app.stop()
      const text = error instanceof Error ? error.message : String(error)
      return failedStart(new Error(`Could not write the ready file: ${text}`), runtime, processLog)
    }
  }
  const status = await Promise.race([signalled, ended])
  if (args.readyFile !== undefined) removeReadyFile(args.readyFile, process.pid)
  await processLog.flush(FLUSH_MS)
  return status
}

/** How long the last log lines may take to be read. */
const FLUSH_MS = 1000

async function failedStart(error: unknown, runtime: Runtime, processLog: ProcessLog): Promise<number> {
  await processLog.flush(FLUSH_MS)
  if (error instanceof CorefileError) {
    process.stderr.write(`${renderError(error, fileText(runtime))}\n`)
  } else if (error instanceof ListenError) {
    process.stderr.write(`${error.message}\n`)
  } else {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  }
  return 1
}

function writePidFile(path: string, runtime: Runtime): void {
  try {
    writeFileSync(path, `${process.pid}\n`)
  } catch (error) {
    runtime.log.error(`Could not write pidfile: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Ends the app as CoreDNS ends on each signal; settles with the exit status. */
function untilSignalled(
  app: App,
  reloader: Reloader,
  runtime: Runtime,
  processLog: ProcessLog
): Promise<number> {
  return new Promise(resolve => {
    let isInterrupted = false
    const stop = () => {
      reloader.stop()
      return app.stop().then(
        () => resolve(0),
        (error: unknown) => {
          runtime.log.error(error instanceof Error ? error.message : String(error))
          resolve(3)
        }
      )
    }
    process.once('SIGTERM', () => {
      runtime.log.info('SIGTERM: Shutting down servers then terminating')
      void stop()
    })
    process.on('SIGINT', () => {
      if (isInterrupted) {
        runtime.log.info('SIGINT: Force quit')
        void processLog.flush(FLUSH_MS).then(() => process.exit(2))
        return
      }
      isInterrupted = true
      runtime.log.info('SIGINT: Shutting down')
      void stop()
    })
    process.once('SIGQUIT', () => {
      runtime.log.info('SIGQUIT: Quitting process immediately')
      resolve(0)
    })
    process.on('SIGHUP', () => undefined)
    // Without a handler Node would open its debugger on SIGUSR1.
    process.on('SIGUSR1', () => {
      runtime.log.info('SIGUSR1: Reloading')
      void reloader.reload()
    })
    const survive = (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      runtime.log.own().error(`an error outside of any query; the server goes on: ${text}`)
    }
    process.on('uncaughtException', survive)
    process.on('unhandledRejection', survive)
  })
}

#!/usr/bin/env node
// The program: reads the command line and runs one command.
import { readArguments } from './arguments.ts'

const invocation = readArguments(process.argv.slice(2))
switch (invocation.command) {
  case 'serve': {
    const { serve } = await import('./serve.ts')
    process.exit(await serve(invocation.arguments))
    break
  }
  case 'check': {
    const { check } = await import('./check.ts')
    process.exit(await check(invocation.arguments))
    break
  }
  case 'get': {
    const { get } = await import('./get.ts')
    process.exit(await get(invocation.arguments, invocation.get))
    break
  }
  case 'names': {
    const { names } = await import('./names.ts')
    process.exit(await names(invocation.arguments, invocation.names))
    break
  }
  case 'resolvconf': {
    const { resolvconf } = await import('./resolvconf.ts')
    process.exit(await resolvconf(invocation.arguments, invocation.resolvconf))
    break
  }
  case 'explain': {
    const { explain } = await import('./explain.ts')
    process.exit(await explain(invocation.arguments, invocation.explain))
    break
  }
  case 'experiment': {
    const { experiment } = await import('./experiment.ts')
    process.exit(await experiment(invocation.arguments, invocation.experiment))
    break
  }
  case 'version': {
    const { versionLines } = await import('./version.ts')
    process.stdout.write(`${versionLines().join('\n')}\n`)
    break
  }
  case 'plugins': {
    const { pluginList } = await import('./plugin-list.ts')
    process.stdout.write(pluginList())
    break
  }
  case 'exit':
    process.stdout.write(invocation.stdout)
    process.stderr.write(invocation.stderr)
    process.exit(invocation.code)
}

// The `loop` directive: no arguments, no options. What happens when a loop is found is decided here.
import { isForwarding, type UpstreamOrigin } from '../../upstream/forwarding.ts'
import { ROOT } from '../../wire/name.ts'
import type { PluginDefinition, SetupContext } from '../definition.ts'
import { Loop, type FoundLoop } from './loop.ts'

export const loopPlugin: PluginDefinition = {
  name: 'loop',
  setup(c, context) {
    let occurrences = 0
    while (c.next()) {
      if (occurrences++ > 0) throw c.onceErr()
      if (c.nextArg()) throw c.argErr('loop takes no arguments')
    }
    const { clock, random } = context.runtime
    const [key] = context.keys
    const loop = new Loop({
      clock,
      random,
      zone: key?.name ?? ROOT,
      listener: () => context.servers().find(({ zone }) => zone === key?.zone)?.listener,
      lookup: context.lookup,
      found: found => handle(found, context)
    })
    const stopped = new AbortController()
    context.onServing(() => void loop.search(stopped.signal))
    context.onShutdown(() => stopped.abort())
    return loop
  }
}

/**
 * Ends the process, as CoreDNS does, as long as no client has had an answer; later nobody may lose a server that works, so
 * that only the upstream is given up.
 */
function handle(loop: FoundLoop, context: SetupContext): boolean {
  const log = context.runtime.log
  const zone = context.keys[0]?.zone ?? '.'
  const message = `Loop (${loop.source} -> ${loop.listener}) detected for zone "${zone}", see https://coredns.io/plugins/loop#troubleshooting. Query: "HINFO ${loop.name}"`
  const forward = context.plugin('forward')
  const { upstream } = loop
  const origin = upstream !== undefined && isForwarding(forward) ? forward.originOf(upstream) : undefined
  if (!context.hasAnswered() || upstream === undefined || origin === undefined || !isForwarding(forward)) {
    if (context.hasAnswered()) {
      log.plugin('loop').error(message)
      return false
    }
    log.plugin('loop').fatal(message)
    if (upstream !== undefined) log.own().error(mendText(upstream, origin))
    context.end(1)
    return false
  }
  log.plugin('loop').error(message)
  log
    .own()
    .error(`${mendText(upstream, origin)}. Until the configuration is read again, nothing is forwarded there`)
  forward.stopForwarding(upstream, `forwarding loop: ${upstream} sends queries back to this server`)
  return true
}

/** Who loops, where it was named, and what to do. */
function mendText(upstream: string, origin: UpstreamOrigin | undefined): string {
  const place =
    origin === undefined
      ? ''
      : ` (${origin.place}: ${origin.word}${origin.fileLine === undefined ? '' : `, ${origin.fileLine}`})`
  return `upstream ${upstream}${place} sends queries back to this server; ${mendOf(upstream, origin)}`
}

function mendOf(upstream: string, origin: UpstreamOrigin | undefined): string {
  const isLoopback = /^(127\.|\[::1\])/.test(upstream)
  if (origin?.fileLine === undefined || !isLoopback)
    return 'name a server in its place that does not ask this one'
  return `${origin.word} names a resolver of this machine: forward to what that one asks, mostly to be found in /run/systemd/resolve/resolv.conf`
}

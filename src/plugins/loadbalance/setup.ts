// The `loadbalance` directive.
import { parseCidr, type Cidr } from '../../corefile/addresses.ts'
import type { Dispenser } from '../../corefile/dispenser.ts'
import { formatDuration, parseDuration, quoteText } from '../../corefile/values.ts'
import type { Timer } from '../../runtime/clock.ts'
import { pathIn, type PluginDefinition, type SetupContext } from '../definition.ts'
import { Loadbalance } from './loadbalance.ts'
import { Weights, WeightFileError } from './weights.ts'

const RELOAD_DEFAULT_MS = 30_000

/** `weighted FILE { reload DURATION }` */
interface WeightFile {
  readonly path: string
  /** 0: the file is read once. */
  readonly reloadMs: number
}

export const loadbalancePlugin: PluginDefinition = {
  name: 'loadbalance',
  setup(c, context) {
    let weighted: WeightFile | undefined
    const preferred: Cidr[] = []
    while (c.next()) {
      const [policy, ...rest] = c.remainingTokens()
      const name = policy?.text ?? 'round_robin'
      if (name === 'round_robin') {
        if (rest.length > 0) throw c.errf('unknown property for round_robin')
        weighted = undefined
      } else if (name === 'weighted') {
        const [file, ...more] = rest
        if (file === undefined) throw c.errf('missing weight file argument')
        if (more.length > 0) throw c.errf('unexpected argument(s)')
        weighted = { path: pathIn(context, file.text), reloadMs: readReload(c) }
        preferred.length = 0
      } else throw c.bareErr(`unknown policy: ${name}`, 'loadbalance knows round_robin and weighted', policy)
      preferred.push(...readPreferred(c))
    }
    const { random } = context.runtime
    const weights = weighted && watchWeights(weighted, context)
    return new Loadbalance({ weights, preferred }, random)
  }
}

/** Reads the file when the server starts, and again each time it may have changed. */
function watchWeights({ path, reloadMs }: WeightFile, context: SetupContext): Weights {
  const { runtime } = context
  const log = runtime.log.plugin('loadbalance')
  const weights = new Weights(path, runtime.files, log, runtime.random)
  let timer: Timer | undefined
  context.onStartup(() => {
    try {
      if (weights.read() === 'missing') {
        if (reloadMs === 0) throw new WeightFileError(OPEN_ERROR)
        const again = formatDuration(reloadMs)
        log.warn(`Failed to open weight file:${OPEN_ERROR}. Will try again in ${again}`)
      }
    } catch (error) {
      throw error instanceof WeightFileError ? new Error(`plugin/loadbalance: ${error.message}`) : error
    }
    if (reloadMs === 0) return
    timer = runtime.clock.every(reloadMs, () => {
      try {
        if (weights.read() === 'missing') log.error(OPEN_ERROR)
      } catch (error) {
        log.error(error instanceof Error ? error.message : String(error))
      }
    })
  })
  context.onShutdown(() => timer?.cancel())
  return weights
}

const OPEN_ERROR = 'weight file open error'

/** `prefer CIDR…` */
function readPreferred(c: Dispenser): Cidr[] {
  const networks: Cidr[] = []
  while (c.nextBlock()) {
    if (c.val() !== 'prefer') throw c.unknownProperty(['prefer'])
    for (const word of c.remainingTokens()) {
      const network = parseCidr(word.text)
      if (network === undefined) {
        const quoted = quoteText(word.text)
        throw c.errf(`invalid CIDR ${quoted}: invalid CIDR address: ${word.text}`, undefined, word)
      }
      networks.push(network)
    }
  }
  return networks
}

/** `reload DURATION`, in milliseconds. */
function readReload(c: Dispenser): number {
  let reloadMs = RELOAD_DEFAULT_MS
  while (c.nextBlock()) {
    if (c.val() !== 'reload') throw c.unknownProperty(['reload'])
    const words = c.remainingTokens()
    const [duration] = words
    if (duration === undefined) throw c.errf('reload duration value is missing')
    if (words.length > 1) throw c.errf('unexpected argument')
    const parsed = parseDuration(duration.text)
    if (parsed.error !== undefined) {
      throw c.errf(`invalid reload duration '${duration.text}'`, undefined, duration)
    }
    // CoreDNS ends on a negative one when it starts.
    reloadMs = Math.max(0, parsed.value)
  }
  return reloadMs
}

// The server without sockets, for programs that take messages in themselves.
import { App } from '../app.ts'
import type { ClusterSource } from '../cluster/source.ts'
import { interpretCorefile } from '../corefile/load.ts'
import type { Eventual } from '../dns/plugin.ts'
import type { Peer, TransportKind } from '../dns/query.ts'
import { directives } from '../plugins/order.ts'
import { systemClock } from '../runtime/clock.ts'
import { systemFiles } from '../runtime/files.ts'
import { systemHttp } from '../runtime/http.ts'
import type { Log } from '../runtime/log.ts'
import { systemNetwork } from '../runtime/network.ts'
import { systemRandom } from '../runtime/random.ts'
import { systemTurn } from '../runtime/turn.ts'
import type { Response } from '../server/transport/transport.ts'

export interface EngineOptions {
  /** A Corefile's text. Its first listener's blocks answer; ports and addresses in it don't matter. */
  readonly corefile: string
  /** Where the state of `kubernetes` stanzas comes from; without it a stanza has none, and that is an error. */
  readonly source?: ClusterSource
  /** What `{$NAME}` in the Corefile reads; nothing by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** What the plugins log; nothing by default. */
  readonly log?: Log
}

/** Something that answers DNS messages. */
export interface Engine {
  /**
   * Answers one message: with one message, with those of a zone transfer one after another, or not at all (`undefined`).
   * Makes a promise only if a plugin waits on the network. Never throws, whatever the octets.
   */
  respond(wire: Buffer, transport: TransportKind, peer: Peer): Eventual<Response>
  /** Lets the plugins go. */
  close(): Promise<void>
}

/** Sets an engine up. Rejects with the CorefileError that CoreDNS would end with, or when the source can't be had. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { corefile, source, environment = {}, log = silent } = options
  const files = systemFiles
  const { blocks } = interpretCorefile(corefile, 'Corefile', {
    files,
    environment,
    knownDirectives: directives
  })
  const app = await App.create({
    blocks,
    runtime: {
      clock: systemClock,
      random: systemRandom(),
      log,
      files,
      http: systemHttp(),
      network: systemNetwork,
      nextTurn: systemTurn,
      environment
    },
    build: { version: '', revision: '' },
    clusterSource: () => {
      if (source === undefined)
        throw new Error('kubernetes: this engine was given no source of cluster state')
      return { key: 'embedded', make: () => source }
    }
  })
  const respond = await app.startWithin()
  return { respond, close: () => app.stop() }
}

const nothing = () => undefined
const silent: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  plugin: () => silent,
  own: () => silent
}

// How dig, host and nslookup send one query: the first server gets all the tries, each other one gets one more.
import type { Reply } from '../network.ts'
import type { Lookup } from '../process.ts'
import { Socket, type Arrival, type Steps } from '../session.ts'

const SERVFAIL = 2

/** A tool's arguments, or its defaults. */
export interface ToolSettings {
  readonly search: boolean
  /** Takes the place of resolv.conf's. */
  readonly ndots?: number
  readonly tries: number
  readonly timeoutMs: number
  readonly edns?: number
  readonly ad?: boolean
  /** SERVFAIL, and a reply that promises nothing, lead on to the next server. */
  readonly nextOnFailure: boolean
  /** TCP from the start. */
  readonly tcp: boolean
}

export interface Exchanged {
  readonly reply: Reply | undefined
  /** The tool's word when no server answered: what happened last. */
  readonly failure: 'timed out' | 'refused' | undefined
  /** The reply came over TCP. */
  readonly tcp: boolean
}

export function* exchange(
  lookup: Lookup,
  settings: ToolSettings,
  name: string,
  type: string
): Steps<Exchanged> {
  const { session, config } = lookup
  let { tries } = settings
  let failure: Exchanged['failure']
  let { tcp } = settings
  for (let at = 0; at < config.servers.length;) {
    const socket = new Socket()
    session.send(
      {
        name,
        type,
        transport: tcp ? 'tcp' : 'udp',
        server: config.servers[at] as string,
        ...(settings.edns === undefined ? {} : { edns: settings.edns }),
        ...(settings.ad === true ? { ad: true as const } : {})
      },
      socket
    )
    const untilMs = session.nowMs + settings.timeoutMs
    const arrival: Arrival | undefined = yield { untilMs, on: socket }
    socket.close()
    const reply = arrival?.reply
    if (reply?.truncated === true && !tcp) {
      tcp = true
      continue
    }
    const nextAnyway =
      settings.nextOnFailure &&
      at < config.servers.length - 1 &&
      (reply?.rcode === SERVFAIL || reply?.kind === 'LAME')
    if (reply !== undefined && !nextAnyway) return { reply, failure: undefined, tcp }
    if (reply !== undefined) {
      at++
      continue
    }
    if (arrival === undefined || failure === undefined)
      failure = arrival === undefined ? 'timed out' : 'refused'
    if (tries > 1) tries--
    else at++
  }
  return { reply: undefined, failure, tcp }
}

// UDP and TCP on the same port.
import type { Transport } from './transport.ts'

/** How often another free port is tried when the one that TCP got is taken on UDP. */
const ATTEMPTS_MAX = 16

/**
 * Opens TCP and then UDP (the order in which CoreDNS reports what is taken) on `port`; with port 0, on one that is free
 * for both. Rejects with the operating system's error and leaves nothing open then.
 */
export async function listenPair<Tcp extends Transport, Udp extends Transport>(
  port: number,
  makeTcp: (port: number) => Tcp,
  makeUdp: (port: number) => Udp
): Promise<{ readonly tcp: Tcp; readonly udp: Udp }> {
  for (let attempt = 1; ; attempt++) {
    const tcp = makeTcp(port)
    await tcp.listen()
    const udp = makeUdp(tcp.info.port)
    try {
      await udp.listen()
      return { tcp, udp }
    } catch (error) {
      await tcp.close()
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (port !== 0 || !taken || attempt === ATTEMPTS_MAX) throw error
    }
  }
}

// One client that asks the same question until the answer is the one it waits for: when does a change become visible?
import { createSocket, type Socket } from 'node:dgram'
import { endOfName, encodeName } from '../src/wire/name.ts'
import { HEADER_OCTETS, Rtype } from '../src/wire/numbers.ts'
import { read16 } from '../src/wire/records.ts'

export class Asker {
  readonly #socket: Socket
  readonly #port: number
  #receive: (reply: Buffer) => void = () => undefined
  #id = 0

  constructor(port: number) {
    this.#port = port
    this.#socket = createSocket({ type: 'udp4', lookup: (host, _, done) => done(null, host, 4) })
    this.#socket.on('message', reply => this.#receive(reply))
    // While nobody listens yet: connection refused. The next question comes soon.
    this.#socket.on('error', () => undefined)
  }

  /**
   * Asks for the name's A records every `everyMs` until the first one is `address` (any, when undefined). Settles with the
   * time of that reply (`performance.now`), or undefined after `withinMs`.
   */
  until(
    name: string,
    address: string | undefined,
    everyMs: number,
    withinMs: number
  ): Promise<number | undefined> {
    const message = question(name)
    return new Promise(resolve => {
      const end = (at: number | undefined) => {
        clearInterval(asking)
        clearTimeout(late)
        this.#receive = () => undefined
        resolve(at)
      }
      const ask = () => {
        message.writeUInt16BE((this.#id = (this.#id + 1) & 0xffff), 0)
        this.#socket.send(message, this.#port, '127.0.0.1', () => undefined)
      }
      const asking = setInterval(ask, everyMs)
      const late = setTimeout(() => end(undefined), withinMs)
      this.#receive = reply => {
        const found = firstAddress(reply)
        if (found !== undefined && (address === undefined || found === address)) end(performance.now())
      }
      ask()
    })
  }

  close(): void {
    this.#socket.close()
  }
}

function question(name: string): Buffer {
  const header = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, encodeName(name), Buffer.from([0, Rtype.A, 0, 1])])
}

/** The address in the first record of a reply, when that is an A record. */
export function firstAddress(reply: Buffer): string | undefined {
  if (reply.length < HEADER_OCTETS || read16(reply, 6) === 0) return undefined
  const questionEnd = endOfName(reply, HEADER_OCTETS) + 4
  const at = endOfName(reply, questionEnd)
  if (at < 0 || read16(reply, at) !== Rtype.A || at + 14 > reply.length) return undefined
  return reply.subarray(at + 10, at + 14).join('.')
}

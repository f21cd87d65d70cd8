// Bounds on how many queries wait for other servers at one moment: in all, and for one client.

/** Which bound is reached. */
export type Bound = 'in_flight' | 'client'

export class InFlight {
  readonly limit: number
  /** Queries of one client address. */
  readonly clientLimit: number
  count = 0
  /** By client address; only those that have some. */
  readonly #clients = new Map<string, number>()

  constructor(limit: number, clientLimit: number) {
    this.limit = limit
    this.clientLimit = clientLimit
  }

  /** How many clients wait. */
  get clients(): number {
    return this.#clients.size
  }

  /** The bound that is reached; `undefined` when there is room: then `leave` must follow. */
  enter(client: string): Bound | undefined {
    if (this.count >= this.limit) return 'in_flight'
    const own = this.#clients.get(client) ?? 0
    if (own >= this.clientLimit) return 'client'
    this.#clients.set(client, own + 1)
    this.count++
    return undefined
  }

  leave(client: string): void {
    this.count--
    const own = this.#clients.get(client) ?? 0
    if (own > 1) this.#clients.set(client, own - 1)
    else this.#clients.delete(client)
  }
}

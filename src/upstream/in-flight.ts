// A bound on how many queries wait for other servers at one moment.

export class InFlight {
  readonly limit: number
  count = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** False when the bound is reached; otherwise `leave` must follow. */
  enter(): boolean {
    if (this.count >= this.limit) return false
    this.count++
    return true
  }

  leave(): void {
    this.count--
  }
}

// How long a piece of work kept the event loop, as far as it was this process that ran: time by the clock or CPU of all
// threads, whichever is less. A core that was given to another program in between counts for neither.

export class Stretch {
  /** The longest one so far, in milliseconds. */
  longestMs = 0
  #from = 0
  #cpuFrom = 0

  begin(): void {
    this.#from = performance.now()
    this.#cpuFrom = cpuMs()
  }

  end(): void {
    this.longestMs = Math.max(
      this.longestMs,
      Math.min(performance.now() - this.#from, cpuMs() - this.#cpuFrom)
    )
  }
}

/** CPU time of this process, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

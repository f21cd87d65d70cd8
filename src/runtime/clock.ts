// Time as something that is handed in, so that a test can say what time it is.

/** A pending timer; `cancel` may be called at any time, also after it fired. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Monotonic milliseconds with fractions; only differences mean anything. */
  now(): number
  /** Milliseconds since 1970, for SOA serials, certificates and log lines. */
  wallMs(): number
  /** Calls `task` once after `delayMs`. The timer does not keep the process alive. */
  after(delayMs: number, task: () => void): Timer
  /** Calls `task` every `periodMs` until cancelled. The timer does not keep the process alive. */
  every(periodMs: number, task: () => void): Timer
  /** Settles after `delayMs`, or rejects with `signal.reason` when the signal aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs)
    handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  every(periodMs, task) {
    const handle = setInterval(task, periodMs)
    handle.unref()
    return { cancel: () => clearInterval(handle) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      const fail = () => {
        clearTimeout(handle)
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
      }
      const handle = setTimeout(() => {
        signal?.removeEventListener('abort', fail)
        resolve()
      }, delayMs)
      if (signal?.aborted) fail()
      else signal?.addEventListener('abort', fail, { once: true })
    })
  }
}

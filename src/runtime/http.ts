// Small HTTP listeners for health, ready and metrics (corefile-and-plugins.md §8.3, §8.4, §8.6).

export interface HttpRequest {
  readonly method: string
  /** The path without query. */
  readonly path: string
}

export interface HttpReply {
  readonly status: number
  /** Default `text/plain; charset=utf-8`. */
  readonly contentType?: string
  readonly body: string
}

export interface HttpListener {
  readonly address: string
  readonly port: number
  /** Stops listening at once and ends idle connections; settles when it is closed. */
  close(): Promise<void>
}

export interface Http {
  /**
   * Listens on `address` (empty: every address, IPv4 and IPv6) and `port` (0: a free one). Rejects with the operating
   * system's error. Connections, header sizes and times are bounded (5 s).
   */
  listen(
    address: string,
    port: number,
    answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>
  ): Promise<HttpListener>
  /** The status of a GET, within `timeoutMs`; rejects when there is none. */
  get(url: string, timeoutMs: number): Promise<number>
}

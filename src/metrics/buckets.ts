// Bounds of CoreDNS's histograms (corefile-and-plugins.md §9), so that its dashboards fit.

/** 0.25 ms to 8.192 s, doubling; in seconds. */
export const TIME_BUCKETS: readonly number[] = Array.from({ length: 16 }, (_, k) => 0.00025 * 2 ** k)
/** 0.25 ms to 2.5 s, tenfold; in seconds. */
export const SLIM_TIME_BUCKETS: readonly number[] = [0.00025, 0.0025, 0.025, 0.25, 2.5]
/** 5 ms to 10 s, as Prometheus's libraries have them where nothing is said: requests to API servers; in seconds. */
export const REQUEST_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** 1 ms to 524 s, doubling: from a change of the cluster to its being answered; in seconds. */
export const PROGRAMMING_BUCKETS: readonly number[] = Array.from({ length: 20 }, (_, k) => 0.001 * 2 ** k)
/** Sizes of messages, in octets. */
export const SIZE_BUCKETS: readonly number[] = [
  0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16000, 32000, 48000, 64000
]

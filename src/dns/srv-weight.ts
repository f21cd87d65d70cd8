// Weights of SRV records made from endpoints (kubernetes-records.md §8).

/** CoreDNS's weight: the share of 100 for each candidate, computed in its order of operations. */
export function srvWeight(candidates: number): number {
  return Math.max(1, Math.floor((100 / (100 * candidates)) * 100))
}

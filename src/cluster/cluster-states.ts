// Cluster state by what is watched: two `kubernetes` stanzas with the same source and the same filters share one index.
// (To be written with the index.)
export interface ClusterStates {
  readonly placeholder?: never
}

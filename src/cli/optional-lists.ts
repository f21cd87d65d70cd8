// What an API server tells whoever may see it, and what a command can do without: Pods, for reasons, and NetworkPolicies.
// Listed once, with the person's own rights and never watched; `serve` asks for neither here. What can't be read is said.
import { ApiError } from '../cluster/kube-api/api-error.ts'
import { ApiClient } from '../cluster/kube-api/client.ts'
import type { ApiConnection } from '../cluster/kube-api/connection.ts'
import { readList, type ListedResource } from '../cluster/kube-api/reading.ts'
import { rbacRule, RESOURCES } from '../cluster/kube-api/resources.ts'
import { Turns } from '../cluster/kube-api/turns.ts'
import { isMap } from '../cluster/fields.ts'
import { networkPolicyIn, type WrittenPolicy } from '../cluster/manifests/network-policy-in.ts'
import type { Pod } from '../cluster/objects.ts'
import { trims } from '../cluster/trim.ts'
import { systemGets } from '../runtime/http-gets.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { buildInfo } from './version.ts'

/** Which of them a command wants. */
export interface OptionalWants {
  readonly pods: boolean
  readonly policies: boolean
}

export interface OptionalList<T> {
  /** All of them, or none. */
  readonly found: readonly T[]
  /** Why there is none; undefined: they were read. */
  readonly note: string | undefined
}

/** How long one of them may take, in milliseconds: as long as what a command can't do without. */
const PATIENCE_MS = 10_000
/** Objects of one of them: half a list would make facts of what isn't there. */
const OBJECTS_MAX = 200_000
/** The server may forget the version of a list between two of its pages, as it does every few minutes. */
const ATTEMPTS = 2

const POLICIES: ListedResource = {
  name: 'networkpolicies',
  kind: 'NetworkPolicy',
  group: 'networking.k8s.io',
  version: 'v1',
  verbs: 'list'
}

/** The Pods of all namespaces. Never rejects: `note` says that they could not be read. */
export function readPods(
  connection: ApiConnection,
  runtime: Runtime,
  signal: AbortSignal
): Promise<OptionalList<Pod>> {
  const resource = { ...RESOURCES.pods, verbs: 'list' }
  return listed({ connection, resource, what: 'Pods', read: raw => trims.Pod(raw, []) }, runtime, signal)
}

/** The same for NetworkPolicies. */
export function readPolicies(
  connection: ApiConnection,
  runtime: Runtime,
  signal: AbortSignal
): Promise<OptionalList<WrittenPolicy>> {
  // Items of a list say neither their kind nor their version: the list does.
  const read = (raw: unknown) =>
    isMap(raw) ? networkPolicyIn('NetworkPolicy', 'networking.k8s.io/v1', raw) : undefined
  return listed({ connection, resource: POLICIES, what: 'NetworkPolicies', read }, runtime, signal)
}

interface Wanted<T> {
  readonly connection: ApiConnection
  readonly resource: ListedResource
  /** For a sentence. */
  readonly what: string
  readonly read: (raw: unknown) => T | undefined
}

async function listed<T>(
  { connection, resource, what, read }: Wanted<T>,
  { clock, nextTurn }: Runtime,
  signal: AbortSignal
): Promise<OptionalList<T>> {
  const gets = systemGets()
  const client = new ApiClient({ connection, gets, clock, version: buildInfo().version })
  const end = new AbortController()
  const timer = clock.after(PATIENCE_MS, () => {
    end.abort(new ApiError('silent', `they took longer than ${PATIENCE_MS / 1000} s`))
  })
  const both = AbortSignal.any([signal, end.signal])
  const options = { client, resource, selector: {}, turns: new Turns(clock, nextTurn) }
  try {
    for (let attempt = 1; ; attempt++) {
      const found: T[] = []
      const item = (raw: unknown) => {
        const one = read(raw)
        if (one !== undefined) found.push(one)
        if (found.length > OBJECTS_MAX)
          throw new ApiError('too-large', `there are more than ${OBJECTS_MAX} of them`)
      }
      try {
        await readList(options, both, { version: () => undefined, item })
        return { found, note: undefined }
      } catch (error) {
        const isForgotten = error instanceof ApiError && error.kind === 'gone'
        if (!isForgotten || attempt === ATTEMPTS) throw error
      }
    }
  } catch (error) {
    const note = `${what} could not be read (${whyNot(error, resource)}): nothing is said about them`
    return { found: [], note }
  } finally {
    timer.cancel()
    gets.close()
  }
}

function whyNot(error: unknown, resource: ListedResource): string {
  if (error instanceof ApiError && error.kind === 'forbidden')
    return `the API server does not let you list them (403); the rule would be ${rbacRule(resource)}`
  return error instanceof Error ? error.message : String(error)
}

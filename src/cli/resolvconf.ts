// `labdns resolvconf`: the resolv.conf of a Pod on standard output, and on standard error which state it comes from, why it
// is so, and what the kubelet would report.
import { podDnsFlaws } from '../cluster/apps/pod-dns-rules.ts'
import { shownPath } from '../cluster/fields.ts'
import { ORDINARY_SPEC } from '../pod-dns/pod-dns.ts'
import type { KubernetesRules } from '../pod-dns/versions.ts'
import { printable } from '../runtime/printable.ts'
import type { ResolvconfArguments, ServeArguments } from './arguments.ts'
import { printingRuntime, type PrintingRuntime } from './loaded-state.ts'
import { mistakeText } from './mistake.ts'
import { NAME_STATE, namesState } from './named-state.ts'
import { answerFor, describe, findPod, type PodDnsAnswer } from './resolvconf/pod-dns-of.ts'
import { clipped, fromText, PodDnsMistake, POD_KINDS, readFrom, type From } from './resolvconf/from.ts'
import type { FoundPod } from './resolvconf/pod-source.ts'
import { stateOfManifest, usedState, type UsedState } from './resolvconf/used-state.ts'
import { clusterDomain, nodeOptions, withOptions } from './resolvconf/wanted.ts'

/** Where a command prints to, and what it reads with. */
export interface Terminal extends PrintingRuntime {
  /** Standard output. Settles when the octets are gone, or nobody reads them. */
  readonly print: (octets: Uint8Array) => Promise<void>
  /** Standard error. */
  readonly say: (text: string) => void
}

const processTerminal = (): Terminal => ({
  ...printingRuntime(),
  print: written,
  say: text => void process.stderr.write(text)
})

/** Prints the file; settles with 1 when it can't be had, or the Pod can't be made. */
export async function resolvconf(
  args: ServeArguments,
  words: ResolvconfArguments,
  terminal: Terminal = processTerminal()
): Promise<number> {
  const { runtime, flush } = terminal
  try {
    if (words.output !== undefined && words.output !== 'json') {
      throw new PodDnsMistake(`-o ${clipped(words.output)}: expected json`)
    }
    const node = nodeOptions(words, runtime.files)
    const domain = clusterDomain(words)
    // Where options alone make the Pod, they can be judged before anything is read.
    if (words.from === undefined && words.filename === undefined)
      withOptions(ORDINARY_SPEC, words, node.rules)
    const from = words.from === undefined ? undefined : readFrom(words.from, words.namespace)
    const state = await stateFor(args, words, terminal)
    // What is wrong in manifests is told before what follows from it.
    await flush()
    const { pod, found } = await podFor(from, words, state)
    const flaws = words.kubernetesVersion === undefined ? [] : oldFlaws(found, node.rules)
    const spec = withOptions(found.spec, words, node.rules)
    const changed = { ...found, spec, flaws: [...found.flaws, ...flaws] }
    const objects = state?.objects ?? []
    const known = { objects, clusterDomain: domain ?? state?.clusterDomain ?? 'cluster.local' }
    return await print(answerFor(pod, changed, known, node), words.output === 'json', state?.text, terminal)
  } catch (error) {
    await flush()
    terminal.say(`${mistakeText(error, runtime)}\n`)
    return 1
  }
}

/** What an API server of that version refuses, and ours doesn't. */
function oldFlaws({ spec, flaws }: FoundPod, rules: KubernetesRules): string[] {
  if (flaws.length > 0) return []
  const found = podDnsFlaws(spec, rules).slice(0, SHOWN_MAX)
  return found.map(
    ({ path, text }) => `${shownPath(['spec', ...path])}: ${text} (Kubernetes ${rules.version})`
  )
}

/** The state that is needed, and the first line, which says what it is: none, where options say everything. */
async function stateFor(
  args: ServeArguments,
  words: ResolvconfArguments,
  { runtime, say }: Terminal
): Promise<UsedState | undefined> {
  const sayState = (text: string): void => {
    say(`state: ${printable(text)}\n`)
  }
  const { from, filename, clusterDns, dnsPolicy } = words
  const isNamed = namesState(args) || args.conf !== undefined
  if (filename !== undefined) {
    if (!isNamed) return stateOfManifest(filename, args, runtime, sayState)
    const state = await usedState(args, runtime, sayState)
    const manifest = await stateOfManifest(filename, args, runtime, () => undefined)
    // The Pod is the manifest's, the cluster the state's.
    return state === undefined ? manifest : { ...state, pods: manifest.pods }
  }
  const needsNone =
    from === undefined && (clusterDns.length > 0 || dnsPolicy === 'None' || dnsPolicy === 'Default')
  const state = needsNone && !isNamed ? undefined : await usedState(args, runtime, sayState)
  if (state !== undefined) return state
  if (!needsNone) throw new PodDnsMistake(from === undefined ? NO_CLUSTER : NO_STATE)
  sayState('none')
  return undefined
}

const NO_STATE = `there is no state to look in: ${NAME_STATE}`
const NO_CLUSTER = `there is no state to take the cluster's DNS from: ${NAME_STATE}, or give --cluster-dns ADDRESS`

async function podFor(
  named: From | undefined,
  words: ResolvconfArguments,
  state: UsedState | undefined
): Promise<{ readonly pod: string; readonly found: FoundPod }> {
  const namespace = words.namespace ?? 'default'
  if (state !== undefined && (named !== undefined || words.filename !== undefined)) {
    const from = named ?? (await onlyPod(words.filename ?? '', state))
    const found = await findPod(state, from)
    // As kubectl puts an object somewhere that says nothing of its namespace.
    const isMoved = words.filename !== undefined && found.namespace === 'default'
    return { pod: describe(from, found), found: isMoved ? { ...found, namespace } : found }
  }
  const found = { namespace, name: '', uid: '', spec: ORDINARY_SPEC, flaws: [] }
  return { pod: `a Pod in ${namespace}`, found }
}

/** What makes Pods in a manifest, when there is one such object alone. */
async function onlyPod(filename: string, { pods, leftOut = [] }: UsedState): Promise<From> {
  const found: From[] = []
  for (const kind of POD_KINDS) {
    for (const path of await pods.written(kind)) {
      const [namespace = '', name = ''] = path.split('/')
      found.push({ kind, namespace, name })
    }
  }
  const [only] = found
  if (only !== undefined && found.length === 1) return only
  if (only === undefined) {
    const nothing = `${filename}: holds no Pod, and nothing that makes Pods (what an API server refuses is left out)`
    throw new PodDnsMistake([...leftOut.slice(0, SHOWN_MAX), nothing].join('\n'))
  }
  const shown = found.slice(0, SHOWN_MAX).map(fromText).join(', ')
  const more = found.length > SHOWN_MAX ? ` and ${found.length - SHOWN_MAX} more` : ''
  throw new PodDnsMistake(`${filename}: holds ${shown}${more}; choose one with --from`)
}

const SHOWN_MAX = 10

async function print(
  answer: PodDnsAnswer,
  isJson: boolean,
  state: string | undefined,
  terminal: Terminal
): Promise<number> {
  const { pod, why, events, notes, octets } = answer
  const lines = [
    `${pod}: ${why}`,
    ...events.map(({ on, reason, message }) => `Warning  ${reason}  ${on}: ${message}`),
    ...notes.map(note => `note: ${note}`)
  ]
  terminal.say(`${lines.map(printable).join('\n')}\n`)
  if (answer.nodeFileMissing && answer.base === 'node') {
    terminal.say(
      "error: these are the settings of the Pod's node, which are not known: --node-resolv-conf FILE names its file (/run/systemd/resolve/resolv.conf where systemd-resolved runs, else /etc/resolv.conf)\n"
    )
    return 1
  }
  if (!isJson) {
    await terminal.print(octets)
    return 0
  }
  const { namespace, policy, base, nameservers, searches, options, clusterDns, asksClusterDns, resolvConf } =
    answer
  const shown = {
    state,
    pod,
    namespace,
    policy,
    base,
    why,
    nameservers,
    searches,
    options,
    clusterDns,
    asksClusterDns
  }
  await terminal.print(
    Buffer.from(`${JSON.stringify({ ...shown, events, notes, resolvConf }, undefined, 2)}\n`)
  )
  return 0
}

/** Octets as they are: a node's file need not be text. */
function written(octets: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve()
      else reject(error)
    })
    process.stdout.write(octets, () => {
      resolve()
    })
  })
}

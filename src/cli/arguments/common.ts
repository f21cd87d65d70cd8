// What several commands take on the command line, and how what was given is read.
import type { Command } from 'commander'
import type { Invocation, ServeArguments } from './invocation.ts'

/** Says what a command line asks for. */
export type Decide = (invocation: Invocation) => void

/** For options that may be given more than once: all their values, in order. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

/** Adds what chooses the configuration and the source of state. */
export function withState(command: Command): Command {
  return command
    .option(
      '--conf <file>',
      'Corefile to load, or a ConfigMap manifest that holds one; stdin reads standard input (default: ./Corefile)'
    )
    .option('-p, --dns.port <port>', 'port of server blocks that name none', '53')
    .option(
      '--manifests <path>',
      'folder, file or glob of Kubernetes objects as `kubectl get -o yaml` gives them, or - for standard input; repeatable. Takes the place of the API server',
      collect,
      []
    )
    .option(
      '--apps <path>',
      'folder, file or glob of manifests as applications bring them, or - for standard input; repeatable. What a control plane adds (cluster IPs, Pods, endpoints) is simulated',
      collect,
      []
    )
    .option(
      '--kubeconfig <file>',
      "take the state of the cluster from the API server that this file names, in place of every block's own"
    )
    .option(
      '--context <name>',
      'the context of the kubeconfig (--kubeconfig, else KUBECONFIG, else ~/.kube/config); default: its current one'
    )
    .option(
      '--service-cidr <cidr>',
      "range of the simulated Services' addresses, one a family (default: 10.96.0.0/12,fd00:10:96::/112)",
      collect,
      []
    )
    .option(
      '--pod-cidr <cidr>',
      "range of the simulated Pods' addresses, one a family (default: 10.244.0.0/16,fd00:10:244::/56)",
      collect,
      []
    )
    .option('--nodes <number>', 'how many nodes are simulated (default: 1)')
    .option(
      '--listen <addr:port>',
      'move every plain-DNS block there, whatever its keys say; port 0 picks a free one'
    )
    .option(
      '--http-base <port>',
      'move health, ready and metrics to this port and the next two; 0 picks free ones'
    )
    .option(
      '--lenient',
      'warn of pprof, trace and dnstap, which labdns does not have, and go on without them'
    )
}

/** What was given for a command's options, by name. */
export interface Given {
  /** The value of an option; undefined: not given. */
  readonly text: (name: string) => string | undefined
  /** All values of an option that `collect` reads. */
  readonly texts: (name: string) => readonly string[]
  readonly value: (name: string) => unknown
}

export function given(command: Command): Given {
  const options = command.opts<Record<string, unknown>>()
  return {
    text: name => {
      const value = options[name]
      return typeof value === 'string' ? value : undefined
    },
    texts: name => (options[name] as readonly string[] | undefined) ?? [],
    value: name => options[name]
  }
}

/** What `withState` and `serve` take, of any command's options. */
export function serveArguments({ text, texts, value }: Given): ServeArguments {
  return {
    conf: text('conf'),
    port: text('dns.port') ?? '53',
    pidfile: text('pidfile'),
    quiet: value('quiet') === true,
    lenient: value('lenient') === true,
    manifests: texts('manifests'),
    apps: texts('apps'),
    kubeconfig: text('kubeconfig'),
    context: text('context'),
    snapshot: text('snapshot'),
    relistInterval: text('relistInterval'),
    serviceCidr: texts('serviceCidr'),
    podCidr: texts('podCidr'),
    nodes: text('nodes'),
    listen: text('listen'),
    httpBase: text('httpBase'),
    readyFile: text('readyFile'),
    logFormat: text('logFormat')
  }
}

/** Words behind a command that takes no more of them: CoreDNS's message. */
export function surplus(rest: readonly string[]): Invocation {
  const message = `extra command line arguments: [${rest.join(' ')}]`
  return { command: 'exit', code: 1, stdout: '', stderr: `${goTimestamp()} ${message}` }
}

/** The date that Go's log package puts before this one message. */
function goTimestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}

// What the command line asks for, as it was typed: a command and its words.

export interface ServeArguments {
  /** `-conf`; undefined: `./Corefile` if it is there. */
  readonly conf: string | undefined
  /** `-dns.port`, `-p`: the port of keys that name none. */
  readonly port: string
  readonly pidfile: string | undefined
  readonly quiet: boolean
  /** Leave directives out that labdns lacks and that change no answer. */
  readonly lenient: boolean
  readonly manifests: readonly string[]
  /** `--apps`: manifests of applications; what a control plane adds to them is simulated. */
  readonly apps: readonly string[]
  /** `--kubeconfig`, `--context`: the API server of all stanzas, in place of their own. */
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  /** `--snapshot`: where the last state is kept. */
  readonly snapshot: string | undefined
  /** `--relist-interval`, as it was typed. */
  readonly relistInterval: string | undefined
  /** `--service-cidr`, `--pod-cidr`: as they were given, each one range or several with commas between. */
  readonly serviceCidr: readonly string[]
  readonly podCidr: readonly string[]
  readonly nodes: string | undefined
  readonly listen: string | undefined
  readonly httpBase: string | undefined
  readonly readyFile: string | undefined
  /** `--log-format`, as it was typed. */
  readonly logFormat: string | undefined
}

/** What `get` is asked for, as it was typed. */
export interface GetArguments {
  /** `svc,ep`, then names; or `svc/web`. Empty: everything. */
  readonly words: readonly string[]
  readonly namespace: string | undefined
  readonly allNamespaces: boolean
  readonly selector: string | undefined
  readonly output: string | undefined
  readonly headers: boolean
}

/** What `names` is asked for, as it was typed. */
export interface NamesArguments {
  readonly zone: string | undefined
  readonly namespace: string | undefined
  readonly output: string | undefined
  readonly headers: boolean
}

/** What `resolvconf` is asked for, as it was typed. */
export interface ResolvconfArguments {
  /** `pod/shop/web-0`, `deploy/shop/web`, `ns/shop`. */
  readonly from: string | undefined
  /** `-f`: a manifest. */
  readonly filename: string | undefined
  readonly namespace: string | undefined
  readonly dnsPolicy: string | undefined
  readonly hostNetwork: boolean
  readonly nameserver: readonly string[]
  readonly search: readonly string[]
  readonly option: readonly string[]
  readonly clusterDomain: string | undefined
  readonly clusterDns: readonly string[]
  readonly nodeResolvConf: string | undefined
  readonly kubernetesVersion: string | undefined
  readonly runtime: string | undefined
  readonly output: string | undefined
}

/** What `explain` is asked for, as it was typed. */
export interface ExplainArguments {
  readonly name: string
  /** `A,AAAA`. */
  readonly types: readonly string[]
  /** As `resolvconf` has it. */
  readonly from: string | undefined
  readonly resolvConf: string | undefined
  readonly resolvers: readonly string[]
  readonly server: string | undefined
  readonly json: boolean
  readonly dot: boolean
}

/** What `experiment` is asked for, as it was typed; what is given takes the place of what the file says. */
export interface ExperimentArguments {
  readonly file: string | undefined
  readonly name: readonly string[]
  /** `--names`: a file of names, or a query log. */
  readonly namesFile: string | undefined
  readonly ndots: readonly string[]
  readonly search: readonly string[]
  readonly resolver: readonly string[]
  /** Programs of this machine to run beside the models. */
  readonly real: readonly string[]
  readonly autopath: readonly string[]
  readonly upstream: readonly string[]
  readonly exists: readonly string[]
  readonly family: string | undefined
  readonly server: string | undefined
  readonly assert: readonly string[]
  /** Files to write; `-` is standard output. */
  readonly json: string | undefined
  readonly csv: string | undefined
  readonly html: string | undefined
}

export type Invocation =
  | { readonly command: 'serve'; readonly arguments: ServeArguments; readonly isBare: boolean }
  | { readonly command: 'check'; readonly arguments: ServeArguments }
  | { readonly command: 'get'; readonly arguments: ServeArguments; readonly get: GetArguments }
  | { readonly command: 'names'; readonly arguments: ServeArguments; readonly names: NamesArguments }
  | {
      readonly command: 'resolvconf'
      readonly arguments: ServeArguments
      readonly resolvconf: ResolvconfArguments
    }
  | { readonly command: 'explain'; readonly arguments: ServeArguments; readonly explain: ExplainArguments }
  | {
      readonly command: 'experiment'
      readonly arguments: ServeArguments
      readonly experiment: ExperimentArguments
    }
  | { readonly command: 'version' }
  | { readonly command: 'plugins' }
  /** Something to print, and how to end: help, or a mistake. */
  | { readonly command: 'exit'; readonly code: number; readonly stdout: string; readonly stderr: string }

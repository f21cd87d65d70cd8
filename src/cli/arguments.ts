// The command line: commander for the commands, with CoreDNS's own flags (`-conf FILE`, one dash) understood too, so that
// labdns takes the arguments of an existing Deployment (corefile-and-plugins.md §4.1).
import { Command, CommanderError, Option } from 'commander'

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

/** CoreDNS's flags: written with one dash there. Those that take a value are true. */
const GO_FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['conf', true],
  ['dns.port', true],
  ['p', true],
  ['pidfile', true],
  ['plugins', false],
  ['quiet', false],
  ['version', false]
])

const COMMANDS = new Set(['serve', 'check', 'get', 'names', 'resolvconf', 'explain', 'experiment', 'help'])
/** Commands that take kubectl's options, with the value written right behind the letter too: `-oyaml`, `-nshop`. */
const LETTERED = new Set(['get', 'names', 'resolvconf'])

/** Reads the words after the program's name. */
export function readArguments(words: readonly string[]): Invocation {
  const isBare = !COMMANDS.has(words[0] ?? '')
  let invocation: Invocation | undefined
  let printed = ''
  let complaint = ''
  const collect = (value: string, before: readonly string[]) => [...before, value]
  const program = new Command('labdns')
  const configure = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({
        writeOut: text => void (printed += text),
        writeErr: text => void (complaint += text)
      })
      .allowExcessArguments(true)
  const withState = (command: Command): Command =>
    configure(command)
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
  const withServe = (command: Command): Command =>
    withState(command)
      .option('--pidfile <file>', 'write the process id there')
      .option(
        '--snapshot <file>',
        'keep the last state of the API server there, and serve it, with short TTLs, when that is away at the start'
      )
      .option(
        '--relist-interval <duration>',
        'how often the state is compared with the whole of the API server; 0: never (default: 10m)'
      )
      .option('--ready-file <file>', 'write {pid, dns, http} as JSON there once everything answers')
      .addOption(
        new Option('--log-format <format>', 'text as CoreDNS writes it, or one JSON object a line')
          .choices(['text', 'json'])
          .default('text')
      )
      .option('--quiet', 'print no start lines')
      .option('--plugins', 'list the plugins and exit')
      .option('--version', 'print the version and exit')
  const serve = (command: Command, rest: readonly string[]): void => {
    const options = command.opts<Record<string, unknown>>()
    if (options['version'] === true) invocation = { command: 'version' }
    else if (options['plugins'] === true) invocation = { command: 'plugins' }
    else if (rest.length > 0) invocation = surplus(rest)
    else invocation = { command: 'serve', arguments: serveArguments(options), isBare }
  }
  configure(program).description(
    'A cluster DNS server that answers what CoreDNS answers, from the API server or a folder of manifests.'
  )
  withServe(program.command('serve', { isDefault: true }))
    .description('answer DNS questions (also what the bare command does)')
    .usage('[options]')
    .argument('[surplus...]')
    .action((rest: string[], _options: unknown, command: Command) => serve(command, rest))
  withState(program.command('check'))
    .description('read a Corefile, set every plugin up, and print the chains that would serve')
    .argument('[corefile]')
    .action((file: string | undefined, _options: unknown, command: Command) => {
      const options = serveArguments(command.opts())
      invocation = {
        command: 'check',
        arguments: { ...options, conf: file === '-' ? 'stdin' : (file ?? options.conf) }
      }
    })
  withState(program.command('get'))
    .description(
      'print the Services, endpoints, Pods and namespaces that `serve` would have, as kubectl does'
    )
    .usage('[KIND[,KIND…] [NAME…]] [options]')
    .argument('[words...]')
    .option('-n, --namespace <name>', 'the namespace to look in (default: default)')
    .option('-A, --all-namespaces', 'look in all namespaces')
    .option('-l, --selector <selector>', 'only objects with these labels, as in app=web,tier!=db')
    .option('-o, --output <format>', 'wide, name, or yaml or json, which `--manifests` takes')
    .option('--no-headers', 'print no line of heads')
    .action((rest: string[], _options: unknown, command: Command) => {
      const options = command.opts<Record<string, unknown>>()
      const get = {
        words: rest,
        namespace: textOf(options, 'namespace'),
        allNamespaces: options['allNamespaces'] === true,
        selector: textOf(options, 'selector'),
        output: textOf(options, 'output'),
        headers: options['headers'] !== false
      }
      invocation = { command: 'get', arguments: serveArguments(options), get }
    })
  withState(program.command('names'))
    .description(
      'print every name that `serve` would answer: type, data, and the file and line it comes from'
    )
    .usage('[options]')
    .argument('[surplus...]')
    .option('--zone <zone>', 'only names in this zone')
    .option('-n, --namespace <name>', 'only names of objects in this namespace')
    .option('-o, --output <format>', 'wide (TTL and the rule too) or json')
    .option('--no-headers', 'print no line of heads')
    .action((rest: string[], _options: unknown, command: Command) => {
      const options = command.opts<Record<string, unknown>>()
      const names = {
        zone: textOf(options, 'zone'),
        namespace: textOf(options, 'namespace'),
        output: textOf(options, 'output'),
        headers: options['headers'] !== false
      }
      invocation =
        rest.length > 0 ? surplus(rest) : { command: 'names', arguments: serveArguments(options), names }
    })
  withState(program.command('resolvconf'))
    .description('print the resolv.conf that the kubelet and the container runtime write for a Pod')
    .usage('[--from pod/NS/NAME | -f FILE] [options]')
    .argument('[surplus...]')
    .option(
      '--from <what>',
      'the Pod: pod/NS/NAME, or the first one of deploy/NS/NAME (sts, ds, job, rs, cronjob), or ns/NS: an ordinary one there'
    )
    .option('-f, --filename <file>', 'a manifest with the Pod or its workload, or - for standard input')
    .option('-n, --namespace <name>', 'the namespace where none is written (default: default)')
    .option('--dns-policy <policy>', 'ClusterFirst, ClusterFirstWithHostNet, Default or None')
    .option('--host-network', 'the Pod has hostNetwork: true')
    .option('--nameserver <address>', 'one of dnsConfig.nameservers; repeatable', collect, [])
    .option('--search <domain>', 'one of dnsConfig.searches; repeatable', collect, [])
    .option(
      '--option <name:value>',
      'one of dnsConfig.options, as in ndots:2 or rotate; repeatable',
      collect,
      []
    )
    .option(
      '--cluster-domain <domain>',
      "the kubelet's clusterDomain (default: the Corefile's zone, cluster.local)"
    )
    .option(
      '--cluster-dns <address>',
      "the kubelet's clusterDNS; repeatable (default: the addresses of the Service kube-system/kube-dns)",
      collect,
      []
    )
    .option(
      '--node-resolv-conf <file>',
      "the node's resolv.conf, as the kubelet's resolvConf names it; '' for none (default: not known)"
    )
    .option(
      '--kubernetes-version <version>',
      'as in 1.24: older ones have other limits (default: the current one)'
    )
    .option('--runtime <name>', 'containerd, cri-o or docker (default: containerd)')
    .option('-o, --output <format>', 'json')
    .action((rest: string[], _options: unknown, command: Command) => {
      const options = command.opts<Record<string, unknown>>()
      const text = (name: string) => textOf(options, name)
      const texts = (name: string) => (options[name] as readonly string[] | undefined) ?? []
      const resolvconf = {
        ...{ from: text('from'), filename: text('filename'), namespace: text('namespace') },
        ...{ dnsPolicy: text('dnsPolicy'), hostNetwork: options['hostNetwork'] === true },
        ...{ nameserver: texts('nameserver'), search: texts('search'), option: texts('option') },
        ...{ clusterDomain: text('clusterDomain'), clusterDns: texts('clusterDns') },
        ...{ nodeResolvConf: text('nodeResolvConf'), kubernetesVersion: text('kubernetesVersion') },
        ...{ runtime: text('runtime'), output: text('output') }
      }
      invocation =
        rest.length > 0
          ? surplus(rest)
          : { command: 'resolvconf', arguments: serveArguments(options), resolvconf }
    })
  withState(program.command('explain'))
    .description('show every query that a resolver sends for a name, who answers it, and why')
    .usage('NAME [options]')
    .argument('[names...]')
    .option(
      '--type <types>',
      'record types; others than A and AAAA are asked without a search list (default: A,AAAA)',
      collect,
      []
    )
    .option(
      '--from <what>',
      'who asks: pod/NS/NAME, or the first Pod of deploy/NS/NAME (sts, ds, job, rs, cronjob), or ns/NS: an ordinary one there (default: ns/default)'
    )
    .option('--resolv-conf <file>', 'the resolv.conf of whoever asks, instead; - reads standard input')
    .option(
      '--resolver <name>',
      'whose walk it is: glibc, musl, dig and others; repeatable (default: glibc)',
      collect,
      []
    )
    .option('--server <address>', 'ask this server, with its port where that is not 53, instead of the state')
    .option('--json', 'print the report as JSON')
    .option('--dot', 'print the walks as a graph for Graphviz')
    .action((names: string[], _options: unknown, command: Command) => {
      const options = command.opts<Record<string, unknown>>()
      const text = (name: string) => textOf(options, name)
      const texts = (name: string) => (options[name] as readonly string[] | undefined) ?? []
      const [name, ...rest] = names
      if (name === undefined) {
        const stderr = 'error: explain needs a name, as in labdns explain web.shop\n'
        invocation = { command: 'exit', code: 2, stdout: '', stderr }
        return
      }
      const explain = {
        ...{ name, types: texts('type'), from: text('from'), resolvConf: text('resolvConf') },
        ...{ resolvers: texts('resolver'), server: text('server') },
        ...{ json: options['json'] === true, dot: options['dot'] === true }
      }
      invocation =
        rest.length > 0 ? surplus(rest) : { command: 'explain', arguments: serveArguments(options), explain }
    })
  withState(program.command('experiment'))
    .description('look names up in every setting of ndots, search list, resolver and autopath, and compare')
    .usage('[FILE] [options]')
    .argument('[files...]')
    .option('--name <name>', 'a name to look up; repeatable', collect, [])
    .option('--names <file>', 'a file with a name a line, or a query log of CoreDNS or labdns')
    .option('--ndots <numbers>', 'as in 1,2,5 (default: 1,2,3,4,5)', collect, [])
    .option(
      '--search <domains>',
      'a search list, as in shop.svc.cluster.local,svc.cluster.local,cluster.local; repeatable (default: that of namespace default)',
      collect,
      []
    )
    .option('--resolver <names>', 'as in glibc,musl,go (default: glibc,musl)', collect, [])
    .option(
      '--real <programs>',
      'run these programs of this machine too, in a private namespace, as in glibc,node,python,dig; all: what is there',
      collect,
      []
    )
    .option('--autopath <settings>', 'on, off, or on,off (default: off)', collect, [])
    .option('--upstream <delay,loss>', 'as in 20ms,1%; repeatable (default: 20ms,0%)', collect, [])
    .option('--exists <names>', 'names that exist beyond the cluster (default: found out)', collect, [])
    .option('--family <family>', 'unspec (A and AAAA), inet or inet6 (default: unspec)')
    .option('--server <address>', 'ask this server, with its port where that is not 53, instead of the state')
    .option(
      '--assert <condition>',
      "as in 'queries_per_lookup<=2.5'; the exit code tells; repeatable",
      collect,
      []
    )
    .option('--json <file>', 'write everything there as JSON; - is standard output')
    .option('--csv <file>', 'write the table there as CSV')
    .option('--html <file>', 'write a report there that needs nothing else')
    .action((files: string[], _options: unknown, command: Command) => {
      const options = command.opts<Record<string, unknown>>()
      const text = (name: string) => textOf(options, name)
      const texts = (name: string) => (options[name] as readonly string[] | undefined) ?? []
      const [file, ...rest] = files
      const experiment = {
        ...{ file, name: texts('name'), namesFile: text('names'), ndots: texts('ndots') },
        ...{ search: texts('search'), resolver: texts('resolver'), autopath: texts('autopath') },
        real: texts('real'),
        ...{ upstream: texts('upstream'), exists: texts('exists'), family: text('family') },
        ...{ server: text('server'), assert: texts('assert') },
        ...{ json: text('json'), csv: text('csv'), html: text('html') }
      }
      invocation =
        rest.length > 0
          ? surplus(rest)
          : { command: 'experiment', arguments: serveArguments(options), experiment }
    })
  const goFlags = LETTERED.has(words[0] ?? '') ? words.map(lettered) : words.map(goFlag)
  try {
    program.parse(goFlags, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { command: 'exit', code: 0, stdout: printed, stderr: '' }
    const usage = program.helpInformation()
    return { command: 'exit', code: 2, stdout: '', stderr: `${goComplaint(error, complaint)}\n${usage}` }
  }
  return invocation ?? { command: 'exit', code: 0, stdout: printed, stderr: complaint }
}

/** `-conf` and `-conf=x` to `--conf` and `--conf=x`; anything else stays. */
function goFlag(word: string): string {
  const name = /^-([a-z][a-z.-]*)(?:=|$)/.exec(word)?.[1]
  if (name === undefined || name === 'h') return word
  if (name === 'p') return word.replace(/^-p=/, '-p')
  if (name === 'help') return '--help'
  // An unknown word behind one dash is one flag, not a bundle of letters.
  return GO_FLAGS.has(name) || name.length > 1 ? `-${word}` : word
}

/** As `goFlag`, where one dash may also begin a letter and its value. */
function lettered(word: string): string {
  const name = /^-([a-z][a-z.-]*)(?:=|$)/.exec(word)?.[1]
  return name !== undefined && (GO_FLAGS.has(name) || name === 'help') ? goFlag(word) : word
}

function goComplaint(error: CommanderError, complaint: string): string {
  const flag = /'-?-?([^' <]+)/.exec(error.message.replace(/-p, --dns\.port/, '--dns.port'))?.[1] ?? ''
  if (error.code === 'commander.unknownOption')
    return `flag provided but not defined: -${flag.replace(/^-+/, '').replace(/=.*/, '')}`
  if (error.code === 'commander.optionMissingArgument') return `flag needs an argument: -${flag}`
  return complaint.trimEnd()
}

function surplus(rest: readonly string[]): Invocation {
  const message = `extra command line arguments: [${rest.join(' ')}]`
  return { command: 'exit', code: 1, stdout: '', stderr: `${goTimestamp()} ${message}` }
}

/** The date that Go's log package puts before this one message. */
function goTimestamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}

function textOf(options: Record<string, unknown>, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

function serveArguments(options: Record<string, unknown>): ServeArguments {
  const text = (name: string) => textOf(options, name)
  const texts = (name: string): readonly string[] => (options[name] as readonly string[] | undefined) ?? []
  return {
    conf: text('conf'),
    port: text('dns.port') ?? '53',
    pidfile: text('pidfile'),
    quiet: options['quiet'] === true,
    lenient: options['lenient'] === true,
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

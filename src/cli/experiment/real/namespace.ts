// A private namespace of this machine: its own loopback interface with 10.96.0.10, and its own /etc/resolv.conf. Both go
// when its process ends; nothing of the machine's own is changed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorText } from './error-text.ts'
import type { AnswerOrder, DoneNews, News, QueryNews } from './messages.ts'

/** What a program needs to be found and to run; variables that change lookups (RES_OPTIONS, NODE_OPTIONS) stay away. */
const ENVIRONMENT = ['PATH', 'HOME', 'JAVA_HOME', 'LD_LIBRARY_PATH']
const FLAGS = ['-rmnu', '-mnu']
const START_MS = 15_000
/** More than any program's limit; over it the namespace itself is stuck. */
const STUCK_MS = 60_000
const STDERR_MAX = 4000

const HOSTS = '127.0.0.1 localhost\n::1 localhost\n127.0.0.1 pod-1\n'
const NSSWITCH = 'passwd: files\ngroup: files\nhosts: files dns\n'

/** `$1`: the folder; the rest: what is run then. Each step that fails says which. */
const SETUP = `
dir=$1; shift
say() { echo "$*" >&2; exit 97; }
hostname pod-1 2>/dev/null
if command -v ip >/dev/null; then
  ip link set lo up && ip addr add 10.96.0.10/32 dev lo || say "ip cannot give the loopback interface 10.96.0.10"
  ip -6 addr add fd00:10:96::a/128 dev lo nodad 2>/dev/null
elif command -v ifconfig >/dev/null; then
  ifconfig lo up && ifconfig lo:1 10.96.0.10 netmask 255.255.255.255 up || say "ifconfig cannot give the loopback interface 10.96.0.10"
  ifconfig lo add fd00:10:96::a/128 2>/dev/null
else
  say "neither ip (iproute2) nor ifconfig is installed: the namespace's loopback interface can't be brought up"
fi
mount --bind "$dir/resolv.conf" /etc/resolv.conf || say "nothing can be mounted over /etc/resolv.conf"
[ -e /etc/hosts ] && { mount --bind "$dir/hosts" /etc/hosts || say "nothing can be mounted over /etc/hosts"; }
[ -e /etc/nsswitch.conf ] && { mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf || say "nothing can be mounted over /etc/nsswitch.conf"; }
[ -d /run/nscd ] && mount -t tmpfs none /run/nscd
exec "$@"
`

/** Why there can be no namespace here, in a few words; undefined: there can, and `flags` say how. */
export type Allowed = { readonly flags: string } | { readonly why: string }

/** Tries whether this user may have namespaces. */
export function namespacesAllowed(): Allowed {
  if (process.platform !== 'linux') return { why: `namespaces are Linux's, and this is ${process.platform}` }
  let why = ''
  for (const flags of FLAGS) {
    const { error, status, stderr } = spawnSync('unshare', [flags, 'sh', '-c', ':'], {
      encoding: 'utf8',
      timeout: START_MS
    })
    if (error !== undefined) {
      return { why: errnoOf(error) === 'ENOENT' ? 'unshare (util-linux) is not installed' : errorText(error) }
    }
    if (status === 0) return { flags }
    why ||= stderr.trim().split('\n')[0] ?? ''
    if (process.getuid?.() !== 0) break
  }
  return { why: refusal(why, kernelSays) }
}

const errnoOf = (error: Error): string | undefined => ('code' in error ? String(error.code) : undefined)

function kernelSays(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
  } catch {
    return undefined
  }
}

/** The setting that forbids namespaces, where one does; what `unshare` said otherwise. */
export function refusal(said: string, setting: (name: string) => string | undefined): string {
  for (const limit of ['user/max_user_namespaces', 'user/max_net_namespaces', 'user/max_mnt_namespaces']) {
    if (setting(limit) === '0') return `sysctl ${limit.replace('/', '.')} is 0`
  }
  if (setting('kernel/unprivileged_userns_clone') === '0')
    return 'sysctl kernel.unprivileged_userns_clone is 0'
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return `sysctl kernel.apparmor_restrict_unprivileged_userns is 1 (${said})`
  }
  if (!/not permitted|denied/i.test(said)) return said === '' ? 'unshare fails' : said
  return `${said} (in a container, its seccomp profile or missing capabilities forbid it)`
}

/** What happened in one lookup. */
export interface Ran {
  readonly queries: readonly QueryNews[]
  readonly done: DoneNews
}

/** Gives the answer to a message: undefined for none. */
export type Answering = (query: QueryNews) => Promise<Buffer | undefined>

export class Namespace {
  /** It has an IPv6 address besides ::1. */
  inet6 = false
  readonly #child: ChildProcess
  #stderr = ''
  #onNews: (news: News) => void = () => undefined
  #onEnd: (why: string) => void = () => undefined
  #ended: Promise<void>

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stderr.length < STDERR_MAX) this.#stderr += text
    })
    child.on('message', news => this.#onNews(news as News))
    this.#ended = new Promise(resolve => {
      const end = (why: string) => {
        this.#onEnd(why)
        resolve()
      }
      child.on('error', error => end(error.message))
      // `close` doesn't come where the channel was closed from here.
      child.on('exit', () => {
        const { stderr } = child
        if (stderr === null || stderr.closed) end(this.#lastWords())
        else stderr.once('close', () => end(this.#lastWords()))
      })
    })
  }

  /** Sets one up, its files in `folder`. Rejects with the reason when it can't be. */
  static async open(flags: string, folder: string): Promise<Namespace> {
    mkdirSync(folder)
    for (const [name, text] of Object.entries({
      'resolv.conf': '',
      hosts: HOSTS,
      'nsswitch.conf': NSSWITCH
    })) {
      writeFileSync(path.join(folder, name), text)
    }
    if (!existsSync('/etc/resolv.conf'))
      throw new Error('there is no /etc/resolv.conf to mount another one over')
    // Beside this module, or where the compiler put it when this one is part of a bundle (`npm run entry`).
    const worker = ['./worker.js', './experiment/real/worker.js']
      .map(place => fileURLToPath(new URL(place, import.meta.url)))
      .find(place => existsSync(place))
    if (worker === undefined) throw new Error('the program of the namespace is not in this installation')
    const command = [process.execPath, worker, path.join(folder, 'resolv.conf')]
    const child = spawn('unshare', [flags, 'sh', '-c', SETUP, 'sh', folder, ...command], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: Object.fromEntries(ENVIRONMENT.map(name => [name, process.env[name]]))
    })
    const namespace = new Namespace(child)
    try {
      namespace.inet6 = await namespace.#until<boolean>(START_MS, (news, resolve, reject) => {
        if (news.kind === 'ready') resolve(news.inet6)
        else if (news.kind === 'failed') reject(new Error(`port 53 can't be opened: ${news.why}`))
      })
    } catch (error) {
      await namespace.close()
      throw error
    }
    return namespace
  }

  /** Runs a program; `answering` is asked for every message that it sends. */
  async run(
    command: readonly string[],
    resolvConf: string,
    limitMs: number,
    answering: Answering
  ): Promise<Ran> {
    const queries: QueryNews[] = []
    const done = this.#until<DoneNews>(STUCK_MS, (news, resolve, reject) => {
      if (news.kind === 'done') resolve(news)
      if (news.kind !== 'query') return
      queries.push(news)
      answering(news).then(octets => {
        const order: AnswerOrder = { kind: 'answer', id: news.id, octets: octets?.toString('base64') }
        if (this.#child.connected) this.#child.send(order)
      }, reject)
    })
    this.#child.send({ kind: 'lookup', resolvConf, command, limitMs })
    return { queries, done: await done }
  }

  /** Ends its process, and with it everything in it. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 2000)
    await this.#ended
    clearTimeout(limit)
  }

  #until<T>(
    limitMs: number,
    take: (news: News, resolve: (value: T) => void, reject: (error: Error) => void) => void
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`nothing was heard for ${limitMs / 1000} s`)), limitMs)
      const over = <V>(settle: (value: V) => void) => {
        return (value: V) => {
          clearTimeout(limit)
          this.#onNews = () => undefined
          settle(value)
        }
      }
      const fail = over(reject)
      const succeed = over(resolve)
      this.#onNews = news => take(news, succeed, fail)
      this.#onEnd = why => fail(new Error(why))
    })
  }

  #lastWords(): string {
    const lines = this.#stderr.trim().split('\n')
    return lines.at(-1) || 'its process ended without a word'
  }
}

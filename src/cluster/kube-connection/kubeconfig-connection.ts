// The API server of a kubeconfig's context. Credentials come from client-node (tokens, certificates, exec plugins, OIDC);
// it is loaded when they are first asked for, since it takes 78 MB. The only door to that package.
import type { Clock } from '../../runtime/clock.ts'
import type { Files } from '../../runtime/files.ts'
import type { ApiConnection, ApiCredentials } from '../kube-api/connection.ts'
import { ConnectionError, ReplaceableFile, tokenOf } from './connection-error.ts'
import { readKubeconfig, type KubeContext, type KubeExec } from './kubeconfig.ts'

/** How long an exec plugin or an identity provider may take. */
const LOGIN_MS = 60_000
/** How long what an exec plugin printed without saying how long it is good for is used; a 401 ends it at once. */
const EXEC_MS = 60_000

export interface KubeconfigRuntime {
  readonly files: Files
  readonly clock: Clock
}

/**
 * `paths` are the files of KUBECONFIG, or one. They are read now, and again after a 401 or where there is no trust: a login elsewhere may have put
 * other credentials there. Throws ConnectionError.
 */
export function kubeconfigConnection(
  paths: readonly string[],
  wanted: string | undefined,
  runtime: KubeconfigRuntime
): ApiConnection {
  let context = readKubeconfig(paths, wanted, runtime.files)
  const { server } = context.cluster
  let login = new Login(context, runtime)
  login.checkFiles()
  let renewal: Promise<ApiCredentials> | undefined
  const renewed = async (): Promise<ApiCredentials> => {
    const now = readKubeconfig(paths, wanted, runtime.files)
    if (now.cluster.server.href !== server.href) {
      throw new ConnectionError(
        `context ${context.name} of ${context.file} names another server now: ${now.cluster.server.href}`,
        `labdns asks ${server.href} until it is started again`
      )
    }
    // Tokens that an identity provider renewed are in the login alone.
    const isSame = JSON.stringify(now) === JSON.stringify(context)
    if (!isSame || now.user.authProvider === undefined) login = new Login(now, runtime)
    context = now
    return login.credentials()
  }
  return {
    base: server,
    name: `${server.href} (context ${context.name} of ${context.file})`,
    origin: `context ${context.name} of ${context.file}`,
    credentials: renew => {
      if (!renew) return login.credentials()
      // One for all that were refused at the same time: an exec plugin may take as much memory as we have.
      renewal ??= renewed().finally(() => (renewal = undefined))
      return renewal
    }
  }
}

/** What client-node fills in, of the options that a request over HTTPS has. */
interface RequestOptions {
  headers?: Record<string, string>
  auth?: string
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** What of client-node is used. */
interface ClientNode {
  applyToHTTPSOptions(options: RequestOptions): Promise<void>
}

/** One reading of a kubeconfig. */
class Login {
  readonly #context: KubeContext
  readonly #runtime: KubeconfigRuntime
  readonly #files: Readonly<Record<'ca' | 'cert' | 'key' | 'token', ReplaceableFile | undefined>>
  #clientNode: { readonly config: ClientNode; readonly user: { token?: string } } | undefined
  #underWay: Promise<ApiCredentials> | undefined
  #kept: { readonly credentials: ApiCredentials; readonly atMs: number } | undefined
  #last: ApiCredentials['tls'] = {}

  constructor(context: KubeContext, runtime: KubeconfigRuntime) {
    this.#context = context
    this.#runtime = runtime
    const { cluster, user } = context
    const file = (path: string) => (path === '' ? undefined : new ReplaceableFile(runtime.files, path))
    this.#files = {
      ca: file(cluster.caFile),
      cert: file(user.certFile),
      key: file(user.keyFile),
      token: file(user.tokenFile)
    }
  }

  /** Throws the ConnectionError of the first file that can't be read. */
  checkFiles(): void {
    const { user, cluster } = this.#context
    const names = { ca: 'certificate-authority', cert: 'client-cert', key: 'client-key', token: 'token file' }
    for (const [what, file] of Object.entries(this.#files)) {
      try {
        file?.read()
      } catch (error) {
        const owner = what === 'ca' ? cluster.name : user.name
        throw new ConnectionError(
          `invalid configuration: unable to read ${names[what as keyof typeof names]} ${file?.path ?? ''} for ${owner} due to ${(error as Error).message}`,
          `context ${this.#context.name} of ${this.#context.file} names that file`
        )
      }
    }
  }

  /** Requests that come at the same time share one login. */
  credentials(): Promise<ApiCredentials> {
    const { exec } = this.#context.user
    const now = this.#runtime.clock.now()
    if (exec !== undefined && this.#kept !== undefined && now - this.#kept.atMs < EXEC_MS) {
      return Promise.resolve(this.#kept.credentials)
    }
    this.#underWay ??= this.#logIn().finally(() => (this.#underWay = undefined))
    return this.#underWay
  }

  async #logIn(): Promise<ApiCredentials> {
    this.checkFiles()
    const { config, user } = (this.#clientNode ??= await this.#load())
    const token = this.#files.token
    if (token !== undefined) user.token = tokenOf(token.read(), token.path)
    const options: RequestOptions = { headers: {} }
    await this.#bounded(config.applyToHTTPSOptions(options))
    const credentials = { headers: headersOf(options), tls: this.#tlsOf(options) }
    if (this.#context.user.exec !== undefined) {
      this.#kept = { credentials, atMs: this.#runtime.clock.now() }
    }
    return credentials
  }

  async #load(): Promise<{ readonly config: ClientNode; readonly user: { token?: string } }> {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const { cluster, user, name } = this.#context
    const config = new KubeConfig()
    config.loadFromOptions({
      clusters: [
        {
          name: 'cluster',
          // client-node refuses http here; its agent is not used.
          server: `https://${cluster.server.host}`,
          skipTLSVerify: cluster.skipTlsVerify,
          ...(cluster.tlsServerName === '' ? {} : { tlsServerName: cluster.tlsServerName }),
          ...given('caFile', cluster.caFile),
          ...given('caData', cluster.caData)
        }
      ],
      users: [
        {
          name: 'user',
          ...given('token', user.token),
          ...given('certFile', user.certFile),
          ...given('certData', user.certData),
          ...given('keyFile', user.keyFile),
          ...given('keyData', user.keyData),
          ...given('username', user.username),
          ...given('password', user.password),
          ...given('impersonateUser', user.impersonate),
          ...(user.exec === undefined ? {} : { exec: execOf(user.exec, this.#context) }),
          ...(user.authProvider === undefined
            ? {}
            : { authProvider: { name: user.authProvider.name, config: { ...user.authProvider.config } } })
        }
      ],
      contexts: [{ name, cluster: 'cluster', user: 'user' }],
      currentContext: name
    })
    // The user as client-node looks it up for each request: its token may be another one then.
    const [loaded] = config.users
    if (loaded === undefined) throw new ConnectionError(`context ${name} has no user`)
    return { config, user: loaded }
  }

  async #bounded(applied: Promise<void>): Promise<void> {
    const timeout = new AbortController()
    const late = this.#runtime.clock.sleep(LOGIN_MS, timeout.signal).then(() => {
      throw new Error(`gave no credentials in ${LOGIN_MS / 1000} s`)
    })
    late.catch(() => undefined)
    try {
      await Promise.race([applied, late])
    } catch (error) {
      throw this.#loginError(error)
    } finally {
      applied.catch(() => undefined)
      timeout.abort(new Error('no longer needed'))
    }
  }

  #loginError(error: unknown): ConnectionError {
    const { name, file, user } = this.#context
    const where = `context ${name} of ${file}, user ${user.name}`
    const raw = error instanceof Error ? error.message : String(error)
    if (user.exec !== undefined) {
      const { command, installHint } = user.exec
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
      const text = isMissing
        ? 'is not there or not in PATH'
        : error instanceof TypeError || error instanceof SyntaxError
          ? 'printed no ExecCredential with a status'
          : raw.startsWith('gave no')
            ? raw
            : `failed: ${oneLine(raw) || 'it said nothing on its standard error'}`
      return new ConnectionError(
        `the exec plugin ${command} ${text}`,
        [where, oneLine(installHint)].filter(part => part !== '').join('; ')
      )
    }
    const provider = user.authProvider?.name
    const what = provider === undefined ? 'the credentials' : `the auth-provider ${provider}`
    return new ConnectionError(`${what} can't be had: ${oneLine(raw)}`, where)
  }

  /** The same object while nothing in it has changed, so that connections can be kept. */
  #tlsOf(options: RequestOptions): ApiCredentials['tls'] {
    const { ca, cert, key, servername } = options
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized })
    }
    if (JSON.stringify(tls) !== JSON.stringify(this.#last)) this.#last = tls
    return this.#last
  }
}

const given = <K extends string>(key: K, value: string): Partial<Record<K, string>> =>
  value === '' ? {} : ({ [key]: value } as Record<K, string>)

/** What client-node hands the plugin, and what kubectl would: `KUBERNETES_EXEC_INFO` says which version to print. */
function execOf(exec: KubeExec, { cluster }: KubeContext): object {
  const { apiVersion, command, args, env } = exec
  const spec = {
    interactive: false,
    ...(exec.providesClusterInfo
      ? {
          cluster: {
            server: cluster.server.href.replace(/\/$/, ''),
            'insecure-skip-tls-verify': cluster.skipTlsVerify,
            ...(cluster.caData === '' ? {} : { 'certificate-authority-data': cluster.caData })
          }
        }
      : {})
  }
  const info = { kind: 'ExecCredential', apiVersion, spec }
  return {
    apiVersion,
    command,
    args: [...args],
    env: [...env, { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }]
  }
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers[name.toLowerCase()] = value.trim()
  }
  if (options.auth !== undefined) {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`
  }
  return headers
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300)

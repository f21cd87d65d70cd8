// Reads kubeconfig files: one context with its cluster and user, chosen as kubectl chooses. What is wrong is said with file,
// line and column before anything is asked. client-node, which would do this too, says less, can't merge files in which a
// name comes twice, and passes over `tokenFile`; it gets what is found here.
import path from 'node:path'
import { nearestWord } from '../../corefile/nearest.ts'
import type { Files } from '../../runtime/files.ts'
import { Fields, shownPath, type FieldPath, type Flaw } from '../fields.ts'
import type { Document } from '../manifests/document.ts'
import { readYaml } from '../manifests/yaml-document.ts'
import { ConnectionError, readSmallFile } from './connection-error.ts'
import { serverUrl } from './endpoint.ts'

export interface KubeCluster {
  readonly name: string
  readonly server: URL
  readonly skipTlsVerify: boolean
  readonly tlsServerName: string
  /** A file, absolute or as the process finds it; empty without. */
  readonly caFile: string
  /** Base64; counts where there is no file. */
  readonly caData: string
}

export interface KubeExec {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly installHint: string
  readonly providesClusterInfo: boolean
}

export interface KubeUser {
  readonly name: string
  readonly token: string
  readonly tokenFile: string
  readonly certFile: string
  readonly certData: string
  readonly keyFile: string
  readonly keyData: string
  readonly username: string
  readonly password: string
  readonly impersonate: string
  readonly exec: KubeExec | undefined
  /** `oidc`, `gcp`, `azure` and their settings, as they are written. */
  readonly authProvider:
    { readonly name: string; readonly config: Readonly<Record<string, string>> } | undefined
}

/** A context and what it names. */
export interface KubeContext {
  readonly name: string
  /** The file that names the context; for messages. */
  readonly file: string
  readonly cluster: KubeCluster
  readonly user: KubeUser
  readonly namespace: string
}

/** Nobody: what a context without a user asks as. */
const ANONYMOUS: KubeUser = {
  name: '',
  token: '',
  tokenFile: '',
  certFile: '',
  certData: '',
  keyFile: '',
  keyData: '',
  username: '',
  password: '',
  impersonate: '',
  exec: undefined,
  authProvider: undefined
}

/**
 * The context of this name, or the current one where there is no name. Of several files the first that has a thing
 * counts, and those that are not there are passed over, as kubectl does with KUBECONFIG. Throws ConnectionError.
 */
export function readKubeconfig(
  paths: readonly string[],
  wanted: string | undefined,
  files: Files
): KubeContext {
  const parts = (paths.length < 2 ? paths : paths.filter(each => files.kind(each) !== undefined)).map(each =>
    readPart(each, files)
  )
  const shownPaths = paths.join(', ')
  const name = wanted ?? parts.find(({ current }) => current !== '')?.current ?? ''
  const contexts = parts.flatMap(part => part.contexts)
  const listed = contexts.length === 0 ? 'none' : contexts.map(each => each.name).join(', ')
  if (name === '') {
    throw new ConnectionError(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
      `${shownPaths} has no current-context; name one of its contexts: ${listed}`
    )
  }
  const context = contexts.find(each => each.name === name)
  if (context === undefined) {
    throw new ConnectionError(
      `context ${JSON.stringify(name)} does not exist`,
      `${meant(
        name,
        contexts.map(each => each.name)
      )}${shownPaths} has these contexts: ${listed}`
    )
  }
  const clusters = parts.flatMap(part => part.clusters)
  const cluster = clusters.find(each => each.name === context.clusterName)
  if (cluster === undefined) {
    throw new ConnectionError(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
      `${context.place}: the context names a cluster ${JSON.stringify(context.clusterName)}; ${meant(
        context.clusterName,
        clusters.map(each => each.name)
      )}${shownPaths} has these: ${clusters.map(each => each.name).join(', ') || 'none'}`
    )
  }
  const users = parts.flatMap(part => part.users)
  const user = users.find(each => each.name === context.userName)
  if (user === undefined && context.userName !== '') {
    throw new ConnectionError(
      `context ${JSON.stringify(name)}: there is no user ${JSON.stringify(context.userName)}`,
      `${context.place}: ${meant(
        context.userName,
        users.map(each => each.name)
      )}${shownPaths} has these users: ${users.map(each => each.name).join(', ') || 'none'}`
    )
  }
  return {
    name,
    file: context.file,
    cluster: cluster.read(),
    user: user?.read() ?? ANONYMOUS,
    namespace: context.namespace
  }
}

function meant(word: string, known: readonly string[]): string {
  const near = nearestWord(word, known)
  return near === undefined ? '' : `did you mean ${JSON.stringify(near)}? `
}

interface Named<T> {
  readonly name: string
  /** Only what the chosen context names is judged: another cluster's mistakes are nobody's business. */
  readonly read: () => T
}

interface Part {
  readonly current: string
  readonly contexts: readonly {
    readonly name: string
    readonly clusterName: string
    readonly userName: string
    readonly namespace: string
    readonly file: string
    readonly place: string
  }[]
  readonly clusters: readonly Named<KubeCluster>[]
  readonly users: readonly Named<KubeUser>[]
}

function readPart(file: string, files: Files): Part {
  if (files.kind(file) === undefined) {
    throw new ConnectionError(
      `stat ${file}: no such file or directory`,
      'there is no kubeconfig at that path'
    )
  }
  const text = readSmallFile(
    files,
    file,
    'the kubeconfig must be readable by the user that labdns runs as'
  ).toString()
  const document = readYaml(text)
  const placeOf = (offset: number) => `${file}:${lineAndColumn(text, offset)}`
  if (document.flaw !== undefined) {
    throw new ConnectionError(
      `error loading config file ${JSON.stringify(file)}: ${document.flaw.text}`,
      `${placeOf(document.flaw.offset)}: a kubeconfig is one YAML or JSON document`
    )
  }
  const reader = new PartReader(file, document, placeOf)
  return reader.part()
}

class PartReader {
  readonly #file: string
  readonly #folder: string
  readonly #document: Document
  readonly #placeOf: (offset: number) => string
  readonly #flaws: Flaw[] = []

  constructor(file: string, document: Document, placeOf: (offset: number) => string) {
    this.#file = file
    this.#folder = path.dirname(file)
    this.#document = document
    this.#placeOf = placeOf
  }

  part(): Part {
    const root = Fields.root(this.#document.value ?? {}, this.#flaws) ?? new Fields({}, this.#flaws)
    const entries = (list: string, key: string) =>
      root.maps(list).map((entry, at) => ({ entry, below: entry.map(key), path: [list, at] }))
    const part = {
      current: root.text('current-context'),
      contexts: entries('contexts', 'context').map(({ entry, below, path: at }) => ({
        name: entry.text('name'),
        clusterName: below.text('cluster'),
        userName: below.text('user'),
        namespace: below.text('namespace'),
        file: this.#file,
        place: this.#placeOf(this.#document.locate(at))
      })),
      clusters: entries('clusters', 'cluster').map(({ entry, below, path: at }) => ({
        name: entry.text('name'),
        read: () => this.#judged(() => this.#cluster(entry.text('name'), below, [...at, 'cluster']))
      })),
      users: entries('users', 'user').map(({ entry, below, path: at }) => ({
        name: entry.text('name'),
        read: () => this.#judged(() => this.#user(entry.text('name'), below, [...at, 'user']))
      }))
    }
    return this.#judged(() => part)
  }

  #cluster(name: string, cluster: Fields, at: FieldPath): KubeCluster {
    const server = cluster.text('server')
    if (server === '') {
      throw this.#error(at, `invalid configuration: no server found for cluster ${JSON.stringify(name)}`)
    }
    if (cluster.text('proxy-url') !== '') {
      throw this.#error(
        [...at, 'proxy-url'],
        `cluster ${JSON.stringify(name)} is behind a proxy, which labdns does not speak to; name a server that can be reached without proxy-url`
      )
    }
    return {
      name,
      server: serverUrl(server, false),
      skipTlsVerify: cluster.boolean('insecure-skip-tls-verify') === true,
      tlsServerName: cluster.text('tls-server-name'),
      caFile: this.#path(cluster.text('certificate-authority')),
      caData: this.#base64(cluster, 'certificate-authority-data', at)
    }
  }

  #user(name: string, user: Fields, at: FieldPath): KubeUser {
    for (const key of ['as-uid', 'as-groups', 'as-user-extra']) {
      if (!user.has(key)) continue
      throw this.#error([...at, key], `labdns impersonates users by name alone (as), not with ${key}`)
    }
    const provider = user.map('auth-provider')
    return {
      name,
      token: user.text('token'),
      tokenFile: this.#path(user.text('tokenFile')),
      certFile: this.#path(user.text('client-certificate')),
      certData: this.#base64(user, 'client-certificate-data', at),
      keyFile: this.#path(user.text('client-key')),
      keyData: this.#base64(user, 'client-key-data', at),
      username: user.text('username'),
      password: user.text('password'),
      impersonate: user.text('as'),
      exec: user.has('exec') ? this.#exec(name, user.map('exec'), [...at, 'exec']) : undefined,
      authProvider: user.has('auth-provider')
        ? { name: provider.text('name'), config: provider.textsOf('config') }
        : undefined
    }
  }

  #exec(user: string, exec: Fields, at: FieldPath): KubeExec {
    const command = exec.text('command')
    if (command === '') throw this.#error(at, `user ${JSON.stringify(user)}: exec names no command`)
    return {
      apiVersion: exec.text('apiVersion') || 'client.authentication.k8s.io/v1',
      // As kubectl: a path is relative to the kubeconfig, a bare word is looked up in PATH.
      command: command.includes('/') ? this.#path(command) : command,
      args: exec.texts('args'),
      env: exec.maps('env').map(each => ({ name: each.text('name'), value: each.text('value') })),
      installHint: exec.text('installHint'),
      providesClusterInfo: exec.boolean('provideClusterInfo') === true
    }
  }

  #base64(fields: Fields, key: string, at: FieldPath): string {
    const text = fields.text(key)
    if (/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) return text
    throw this.#error([...at, key], `${key} is not base64`)
  }

  #path(text: string): string {
    return text === '' || path.isAbsolute(text) ? text : path.join(this.#folder, text)
  }

  /** What `read` gives, unless a field turned out to be wrong meanwhile. */
  #judged<T>(read: () => T): T {
    const value = read()
    const flaw = this.#flaws.find(({ level }) => level === 'error')
    if (flaw === undefined) return value
    const isSecret = flaw.path.some(step => /token|password|-data$|config/.test(String(step)))
    throw this.#error(
      flaw.path,
      `${shownPath(flaw.path)} ${isSecret ? 'is no text: write it in quotes' : flaw.text}`
    )
  }

  #error(at: FieldPath, message: string): ConnectionError {
    return new ConnectionError(message, this.#placeOf(this.#document.locate(at)))
  }
}

function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n')
  return `${before.length}:${Array.from(before.at(-1) ?? '').length + 1}`
}

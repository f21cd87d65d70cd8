// What can go wrong with a request to the API server, by kind, each with a sentence that a person can act on
// (kubernetes-api.md §2, §4.2).
import { rbacRule, type AskedResource } from './resources.ts'

export type ApiErrorKind =
  /** No connection: refused, unreachable, no such host. */
  | 'dial'
  /** A certificate, theirs or ours. */
  | 'tls'
  /** The credentials could not be had. */
  | 'credentials'
  | 'unauthorized'
  | 'forbidden'
  /** The resource version or the continue token is no longer known. */
  | 'gone'
  /** The server has not reached the version yet. */
  | 'too-large-version'
  | 'too-many'
  /** The server takes the request for wrong (400, 422). */
  | 'invalid'
  | 'not-json'
  /** TLS is spoken on one side only. */
  | 'http-where-https'
  /** A page for people: a proxy, a login. */
  | 'html'
  /** The connection ended in the middle. */
  | 'closed'
  /** Nothing came for too long. */
  | 'silent'
  /** Something is larger than any object. */
  | 'too-large'
  /** Any other status. */
  | 'http'

export class ApiError extends Error {
  readonly kind: ApiErrorKind
  /** 0 where there was no answer. */
  readonly status: number
  /** What `Retry-After` said, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(kind: ApiErrorKind, message: string, status = 0, retryAfterMs?: number) {
    super(message)
    this.kind = kind
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** A Status of the API, as far as it is used. */
export interface ApiStatus {
  readonly code: number
  readonly reason: string
  readonly message: string
  /** Of `details.causes`. */
  readonly causes: readonly string[]
  readonly retryAfterSeconds: number | undefined
}

/** Reads a Status; `undefined` where it is none. */
export function statusOf(value: unknown): ApiStatus | undefined {
  const { kind, code, reason, message, details } = asMap(value)
  if (kind !== 'Status') return undefined
  const { causes, retryAfterSeconds } = asMap(details)
  return {
    code: typeof code === 'number' ? code : 0,
    reason: asText(reason),
    message: asText(message),
    causes: Array.isArray(causes) ? causes.map(cause => asText(asMap(cause)['reason'])) : [],
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined
  }
}

/** The error of an answer that is not 200, or of an ERROR event. */
export function errorOfStatus(
  status: number,
  answer: {
    readonly resource: AskedResource
    readonly server: string
    readonly said: ApiStatus | undefined
    /** The beginning of a body that is no Status. */
    readonly text: string
    readonly contentType: string
    readonly retryAfterMs: number | undefined
    /** Where a redirect leads. */
    readonly location?: string | undefined
  }
): ApiError {
  const { resource, server, said, text, contentType, location } = answer
  const retryAfterMs =
    answer.retryAfterMs ?? (said?.retryAfterSeconds === undefined ? undefined : said.retryAfterSeconds * 1000)
  const error = (kind: ApiErrorKind, message: string) => new ApiError(kind, message, status, retryAfterMs)
  const quoted = quote(said?.message ?? text)
  if (isPlainToTls(status, text)) return error('http-where-https', speaksHttps(server))
  if (status >= 300 && status < 400) return error('html', redirected(server, status, location))
  if (isHtml(contentType, text)) return htmlError(server, status)
  if (
    said?.causes.includes('ResourceVersionTooLarge') === true ||
    /too large resource version/i.test(quoted)
  ) {
    return error('too-large-version', `${server} has not reached our resource version yet${quoted}`)
  }
  if (status === 410 || said?.reason === 'Expired' || said?.reason === 'Gone') {
    return error('gone', `${server} no longer has our resource version of ${resource.name}${quoted}`)
  }
  switch (status) {
    case 400:
      return error('invalid', `${server} took the request for ${resource.name} for wrong (400)${quoted}`)
    case 401:
      return error(
        'unauthorized',
        `${server} does not know our credentials (401); check the token or client certificate: expired, revoked, or of another cluster`
      )
    case 403:
      return error(
        'forbidden',
        `${server} does not let us read ${resource.name} (403); add to our ClusterRole the rule ${rbacRule(resource)}${quoted}`
      )
    case 404:
      return error('http', notFound(resource, server))
    case 422:
      return error('invalid', `${server} took the request for ${resource.name} for wrong (422)${quoted}`)
    case 429:
      return error('too-many', `${server} has too much to do (429) and asks us to come back${quoted}`)
    default:
      return error('http', `${server} answered ${status} for ${resource.name}${quoted}`)
  }
}

/** What Go's servers and nginx answer to HTTP on a port of HTTPS. */
function isPlainToTls(status: number, text: string): boolean {
  return (
    status === 400 && /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port/i.test(text)
  )
}

const speaksHttps = (server: string) => `${server} speaks HTTPS; write https:// in its address`

function redirected(server: string, status: number, location: string | undefined): string {
  // What stands behind the path may be a login's secret.
  const where =
    location === undefined || location === '' ? '' : ` to ${location.replace(/[?#].*$/s, '').slice(0, 100)}`
  return `${server} sends us elsewhere${where} (${status}), so it is no API server: check the address, and whether a proxy or a login page stands between`
}

export function htmlError(server: string, status: number): ApiError {
  return new ApiError(
    'html',
    `${server} answered ${status} with a web page, so it is no API server: check the address, and whether a proxy or a login page stands between`,
    status
  )
}

export function isHtml(contentType: string, text: string): boolean {
  return contentType.startsWith('text/html') || /^\s*<(?:!doctype|html)/i.test(text)
}

/** The error of a request that had no answer, or whose body was cut off. `error` is what the socket said. */
export function errorOfSocket(error: unknown, server: string): ApiError {
  if (error instanceof ApiError) return error
  const code = codeOf(error)
  const why = causeOf(error)
  if (DIAL[code] !== undefined) {
    return new ApiError('dial', `cannot connect to ${server}: ${DIAL[code]}`)
  }
  if (
    /wrong version number|packet length too long|ERR_SSL_WRONG_VERSION|record layer/i.test(`${code} ${why}`)
  ) {
    return new ApiError(
      'http-where-https',
      `${server} does not speak TLS there; is it the HTTP port, or should its address begin with http://?`
    )
  }
  const refused = refusedSentence(why)
  if (refused !== undefined) return new ApiError('tls', `${server} does not trust us: ${refused}`)
  const tls = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? otherNames(error, why) : tlsSentence(code, why)
  if (tls !== undefined) return new ApiError('tls', `cannot trust ${server}: ${tls}`)
  if (code.startsWith('HPE_') && isTlsRecord(error))
    return new ApiError('http-where-https', speaksHttps(server))
  if (code.startsWith('HPE_')) return new ApiError('not-json', `${server} does not speak HTTP there (${why})`)
  return new ApiError('closed', `the connection to ${server} ended: ${why}`)
}

const DIAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; check that it runs, and the address and port',
  EHOSTUNREACH: 'no route to host; check the address, and the routes of this machine',
  ENETUNREACH: 'network is unreachable; check the address, and the routes of this machine',
  EADDRNOTAVAIL: 'no address to connect from; check the address, and the network of this machine',
  ETIMEDOUT: 'no answer; check the address, and whether a firewall drops what is sent there',
  ENOTFOUND: 'no such host; check the name: it is asked of the system resolver, never of labdns',
  EAI_AGAIN:
    'its name cannot be resolved now; check the name servers of the system: labdns is never asked for it'
}

function tlsSentence(code: string, why: string): string | undefined {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired; renew it there, and check the clock here'
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet; check the clocks'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate was not signed by the CA that we were given (${why}); check that it is this cluster's CA`
  }
  if (
    code.startsWith('ERR_SSL') ||
    code.startsWith('ERR_TLS') ||
    code === 'EPROTO' ||
    code.startsWith('ERR_OSSL')
  ) {
    return why
  }
  return /^(?:CERT_|CRL_|INVALID_|HOSTNAME_MISMATCH|UNABLE_TO_)/.test(code) ? why : undefined
}

/** What its alert says of our client certificate; undefined where it is about something else. */
function refusedSentence(why: string): string | undefined {
  const alert = /alert (?:number )?[\w ]*/i.exec(why)?.[0]
  if (alert === undefined) return undefined
  if (/certificate[ _]expired/i.test(why)) return 'it says that our client certificate has expired; renew it'
  if (/certificate[ _]required/i.test(why)) {
    return 'it wants a client certificate, and we have none; name one and its key'
  }
  if (
    /bad certificate|unknown ca|certificate[ _]unknown|unsupported certificate|certificate revoked/i.test(why)
  ) {
    return `it refuses our client certificate (${alert}); check that this cluster's CA has signed it, and that the key is its own`
  }
  return undefined
}

/** A certificate for somebody else: Node says for whom. */
function otherNames(error: unknown, why: string): string {
  const { host, cert } = error as { host?: unknown; cert?: unknown }
  const names = asText(asMap(cert)['subjectaltname']).slice(0, QUOTED_CHARACTERS)
  const found = typeof host === 'string' && names !== '' ? `${names}; not ${host}` : why
  return `its certificate is for other names (${found}); ask it by one of those, or name one as tls-server-name in a kubeconfig`
}

/** Whether what came instead of HTTP is an alert of TLS. */
function isTlsRecord(error: unknown): boolean {
  const { rawPacket } = error as { rawPacket?: unknown }
  return rawPacket instanceof Uint8Array && rawPacket[0] === 21 && rawPacket[1] === 3
}

function notFound({ name, group, version }: AskedResource, server: string): string {
  if (name === 'serviceimports') {
    return `${server} has no ${name} (404): the multicluster API (${group}/${version}) is not installed there`
  }
  return `${server} has no ${name} of ${group === '' ? 'core' : group}/${version} (404): check the address and its path, and that Kubernetes is 1.21 or newer`
}

function codeOf(error: unknown): string {
  const { code, errors } = error as { code?: unknown; errors?: unknown }
  if (typeof code === 'string') return code
  // Several addresses were tried.
  return Array.isArray(errors) && errors.length > 0 ? codeOf(errors[0]) : ''
}

function causeOf(error: unknown): string {
  const { errors } = error as { errors?: unknown }
  if (Array.isArray(errors) && errors.length > 0) return causeOf(errors[0])
  // OpenSSL's messages begin with a thread's number and end with a source line.
  const text = error instanceof Error ? error.message : String(error)
  const [, reason] = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/i.exec(text) ?? []
  return (reason ?? text).trim().replace(/\.+$/, '')
}

const QUOTED_CHARACTERS = 200

function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (line === '') return ''
  return `: ${line.length <= QUOTED_CHARACTERS ? line : `${line.slice(0, QUOTED_CHARACTERS)}…`}`
}

/** The value where it is an object, else an empty one. */
export const asMap = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
/** The value where it is text, else none. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What anybody may know of a failure: nothing of addresses, files and users. */
export function publicReason(kind: ApiErrorKind): string {
  return PUBLIC[kind]
}

const PUBLIC: Readonly<Record<ApiErrorKind, string>> = {
  dial: 'the API server cannot be reached',
  tls: 'no trust between the API server and labdns',
  credentials: 'labdns has no credentials for the API server',
  unauthorized: 'the API server does not accept the credentials of labdns',
  forbidden: 'the API server does not let labdns read them',
  gone: 'the API server has forgotten the version',
  'too-large-version': 'the API server lags behind',
  'too-many': 'the API server has too much to do',
  invalid: 'the API server does not understand labdns, or is none',
  'not-json': 'what answers is no API server',
  'http-where-https': 'HTTP and HTTPS are mixed up before the API server',
  html: 'what answers is no API server',
  closed: 'the connection to the API server ends early',
  silent: 'the API server is silent',
  'too-large': 'the API server sent too much',
  http: 'the API server fails'
}

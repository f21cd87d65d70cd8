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
  }
): ApiError {
  const { resource, server, said, text, contentType } = answer
  const retryAfterMs =
    answer.retryAfterMs ?? (said?.retryAfterSeconds === undefined ? undefined : said.retryAfterSeconds * 1000)
  const error = (kind: ApiErrorKind, message: string) => new ApiError(kind, message, status, retryAfterMs)
  const quoted = quote(said?.message ?? text)
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
      if (/HTTP request to an HTTPS server/i.test(text)) {
        return error('http-where-https', `${server} speaks HTTPS; write https:// in its address`)
      }
      return error('invalid', `${server} took the request for ${resource.name} for wrong (400)${quoted}`)
    case 401:
      return error(
        'unauthorized',
        `${server} does not know our credentials (401); check the token or client certificate: expired, revoked, or of another cluster`
      )
    case 403:
      return error(
        'forbidden',
        `${server} does not let us read ${resource.name} (403); add to our role the rule ${rbacRule(resource)}${quoted}`
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
    const host =
      code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? '; names are asked of the system resolver' : ''
    return new ApiError('dial', `cannot connect to ${server}: ${DIAL[code]}${host}`)
  }
  if (
    /wrong version number|packet length too long|ERR_SSL_WRONG_VERSION|record layer/i.test(`${code} ${why}`)
  ) {
    return new ApiError(
      'http-where-https',
      `${server} does not speak TLS there; is it the HTTP port, or should its address begin with http://?`
    )
  }
  const tls = tlsSentence(code, why)
  if (tls !== undefined) return new ApiError('tls', `cannot trust ${server}: ${tls}`)
  if (code.startsWith('HPE_')) return new ApiError('not-json', `${server} does not speak HTTP there (${why})`)
  return new ApiError('closed', `the connection to ${server} ended: ${why}`)
}

const DIAL: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'no address to connect from',
  ETIMEDOUT: 'no answer',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its name cannot be resolved now'
}

function tlsSentence(code: string, why: string): string | undefined {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired; renew it there, and check the clock here'
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet; check the clocks'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `its certificate is for other names (${why}); use one of those, or tls-server-name`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'CERT_SIGNATURE_FAILURE':
      return `its certificate was not signed by the CA that we were given (${why}); is the CA file of this cluster?`
  }
  const alert = /alert (?:number )?[\w ]*/i.exec(why)?.[0]
  if (/certificate[ _]expired/i.test(why)) return 'it says that our client certificate has expired; renew it'
  if (/certificate[ _]required|bad certificate|unknown ca|certificate[ _]unknown/i.test(why)) {
    return `it refuses our client certificate (${alert ?? why}); check cert and key`
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

// What is wrong with credentials that a server refused, as far as they tell it themselves: that there are none, or their dates.
import { X509Certificate } from 'node:crypto'
import type { ApiCredentials } from './connection.ts'

/** `wallMs`: now. Undefined where nothing is to be seen. Never holds a secret. */
export function credentialFlaw({ headers, tls }: ApiCredentials, wallMs: number): string | undefined {
  const { authorization } = headers
  if (authorization === undefined && tls.cert === undefined && tls.pfx === undefined) {
    return 'we sent none; a token or a client certificate is needed'
  }
  return certificateFlaw(tls.cert, wallMs) ?? tokenFlaw(authorization, wallMs)
}

/** Of the dates of a client certificate. */
export function certificateFlaw(cert: ApiCredentials['tls']['cert'], wallMs: number): string | undefined {
  if (typeof cert !== 'string' && !Buffer.isBuffer(cert)) return undefined
  let subject: string
  let from: number
  let to: number
  try {
    const read = new X509Certificate(cert)
    subject = read.subject.replaceAll('\n', ', ')
    from = Date.parse(read.validFrom)
    to = Date.parse(read.validTo)
  } catch {
    return 'our client certificate cannot be read; it must be PEM'
  }
  const now = `now is ${shown(wallMs)}`
  if (wallMs > to) return `our client certificate (${subject}) expired on ${shown(to)} (${now}); renew it`
  if (wallMs < from) {
    return `our client certificate (${subject}) is not valid before ${shown(from)} (${now}); check the clock here`
  }
  return undefined
}

/** Of a bearer token that is a JWT: those of service accounts and of OIDC are. */
function tokenFlaw(authorization: string | undefined, wallMs: number): string | undefined {
  const payload = /^Bearer [\w-]+\.([\w-]+)\.[\w-]*$/.exec(authorization ?? '')?.[1]
  if (payload === undefined) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp?: unknown }
    if (typeof exp !== 'number' || wallMs <= exp * 1000) return undefined
    return `our token expired on ${shown(exp * 1000)} (now is ${shown(wallMs)}); a new one is needed where it came from`
  } catch {
    return undefined
  }
}

const shown = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

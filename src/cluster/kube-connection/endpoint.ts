// `endpoint URL` and `tls CERT KEY CACERT` of a kubernetes block.
import type { Files } from '../../runtime/files.ts'
import type { ApiConnection } from '../kube-api/connection.ts'
import { ConnectionError, ReplaceableFile } from './connection-error.ts'
import { settled } from './in-cluster.ts'

/**
 * `tls` are the files of a certificate, its key and the CA, or none. Without a scheme the endpoint is HTTPS with `tls` and
 * HTTP without, as in CoreDNS. Throws ConnectionError.
 */
export function endpointConnection(endpoint: string, tls: readonly string[], files: Files): ApiConnection {
  const base = serverUrl(endpoint, tls.length > 0)
  const [cert, key, ca] = tls.map(path => new ReplaceableFile(files, path))
  const missing = [
    ['client-cert', cert],
    ['client-key', key],
    ['certificate-authority', ca]
  ].flatMap(([what, file]) => (file instanceof ReplaceableFile ? unreadable(what as string, file) : []))
  if (missing.length > 0) {
    const list = missing.length === 1 ? (missing[0] as string) : `[${missing.join(', ')}]`
    throw new ConnectionError(
      `invalid configuration: ${list}`,
      'tls takes the files of the client certificate, its key and the CA of the API server, in this order'
    )
  }
  return {
    base,
    name: tls.length === 0 ? base.href : `${base.href} (certificate ${tls.join(', ')})`,
    origin: `endpoint ${base.href}${tls.length === 0 ? '' : ` with tls ${tls.join(' ')}`}`,
    credentials: () =>
      settled(() => ({
        headers: {},
        tls:
          cert === undefined || key === undefined || ca === undefined
            ? {}
            : { cert: cert.read(), key: key.read(), ca: ca.read() }
      }))
  }
}

function unreadable(what: string, file: ReplaceableFile): string[] {
  try {
    file.read()
    return []
  } catch (error) {
    return [`unable to read ${what} ${file.path} for  due to ${(error as Error).message}`]
  }
}

/** The URL of an API server; a path may stand behind it, nothing else. Throws ConnectionError. */
export function serverUrl(text: string, isTls: boolean): URL {
  const full = text.includes('://') ? text : `${isTls ? 'https' : 'http'}://${text}`
  const url = URL.canParse(full) ? new URL(full) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new ConnectionError(
      `host must be a URL or a host:port pair: ${JSON.stringify(text)}`,
      'write it as https://HOST:PORT'
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConnectionError(
      `the URL of the API server holds a user name: ${url.protocol}//…@${url.host}`,
      'credentials go into a kubeconfig, not into the URL'
    )
  }
  return url
}

// How TLS is spoken to an upstream.
import { createSecureContext, type SecureContext } from 'node:tls'

export interface TlsSettings {
  /** Whom to trust, and what to show; the system's roots without. */
  readonly secureContext?: SecureContext
  /** The name that the certificate must have; its address without one. */
  readonly servername?: string
}

/** Contents of PEM files. */
export interface TlsFiles {
  /** Whom to trust; the system's roots without. */
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

/** Reads certificates once, as that takes time. Throws when they can't be used. */
export const loadTls = (files: TlsFiles): TlsSettings => ({ secureContext: createSecureContext(files) })

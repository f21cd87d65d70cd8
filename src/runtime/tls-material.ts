// What of TLS a client is told for one connection, as a type that folders without sockets may name.
import type { SecureContextOptions } from 'node:tls'

/** `ca`, `cert`, `key`… as `node:https` takes them; the name to verify; whether to verify (default: yes). */
export type TlsMaterial = SecureContextOptions & { servername?: string; rejectUnauthorized?: boolean }

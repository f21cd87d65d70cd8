// Why an API server can't be asked, before it is asked: what a person wrote, and files that can't be read.
import { fileErrorText, type Files } from '../../runtime/files.ts'

/** `message` is CoreDNS's text where it has one; `hint` says what to do. */
export class ConnectionError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'ConnectionError'
    this.hint = hint
  }

  /** Both in one line, for a log. */
  get sentence(): string {
    return this.hint === undefined ? this.message : `${this.message} (${this.hint})`
  }
}

/** No certificate, token or kubeconfig is larger. */
const OCTETS_MAX = 4 << 20

/** A small file whole. Throws ConnectionError in CoreDNS's words: `open /x: no such file or directory`. */
export function readSmallFile(files: Files, path: string, hint?: string): Buffer {
  try {
    return files.read(path, OCTETS_MAX)
  } catch (error) {
    throw new ConnectionError(fileErrorText(error, path), hint)
  }
}

/**
 * A file that others may replace at any time, as kubelet does with tokens and CAs: read each time, and the same buffer
 * given again while its octets are the same, so that whoever compares it by identity sees changes alone.
 */
export class ReplaceableFile {
  readonly path: string
  readonly #files: Files
  #octets: Buffer | undefined

  constructor(files: Files, path: string) {
    this.#files = files
    this.path = path
  }

  /** Throws ConnectionError. */
  read(hint?: string): Buffer {
    const octets = readSmallFile(this.#files, this.path, hint)
    if (this.#octets?.equals(octets) === true) return this.#octets
    this.#octets = octets
    return octets
  }
}

/** A token from a file's text. Throws ConnectionError when there is none that a header can carry. */
export function tokenOf(octets: Buffer, path: string): string {
  const token = octets.toString('latin1').trim()
  if (token === '') {
    throw new ConnectionError(`the token file ${path} is empty`, 'it must hold a bearer token')
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new ConnectionError(
      `the token file ${path} holds something that is no token`,
      'a bearer token is one word of printable characters'
    )
  }
  return token
}

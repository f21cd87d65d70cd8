// What a real API server sent (test/fixtures/vectors/kube-api), as something to answer with.
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Pipe, reset, type Reply } from './model-api.ts'

const FOLDER = new URL('../../../../test/fixtures/vectors/kube-api/', import.meta.url)

export interface Exchange {
  readonly request: {
    readonly method: string
    readonly path: string
    readonly query: Readonly<Record<string, string>>
  }
  /** Absent where nobody listened. */
  readonly response?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly bodyBase64?: string
    readonly events?: readonly { readonly line: string }[]
    readonly reads?: readonly { readonly bytes: number }[]
    readonly end?: string
  }
  readonly error?: string
}

export interface Recording {
  readonly name: string
  readonly exchanges: readonly Exchange[]
}

export function recordings(): Recording[] {
  return readdirSync(FOLDER).map(file => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recording)
}

export function recording(name: string): Recording {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as Recording
}

/** The exchange as an answer: a stream in the reads that it came in. */
export function replyOf({ response, error }: Exchange): Reply {
  if (response === undefined) return Object.assign(new Error(error), { code: error })
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value])
  )
  if (response.events === undefined) return { status: response.status, headers, body: bodyOf(response) }
  const body = new Pipe()
  const octets = Buffer.from(response.events.map(({ line }) => `${line}\n`).join(''))
  let at = 0
  for (const { bytes } of response.reads ?? []) {
    body.write(octets.subarray(at, at + bytes))
    at += bytes
  }
  body.write(octets.subarray(at))
  if (response.end === 'server ended the body') body.end()
  else body.fail(reset())
  return { status: response.status, headers, body }
}

/** The text of a body; what came compressed is unzipped, as a socket's user sees it. */
export function bodyOf({ body, bodyBase64 }: NonNullable<Exchange['response']>): string {
  return bodyBase64 === undefined ? (body ?? '') : gunzipSync(Buffer.from(bodyBase64, 'base64')).toString()
}

// Reads lists and watches of one resource, object by object, and takes turns with everything else meanwhile
// (kubernetes-api.md §1, §4).
import { ApiError, errorOfStatus, statusOf } from './api-error.ts'
import type { ApiClient } from './client.ts'
import { BadJson, ItemsSplitter, LineSplitter } from './json-items.ts'
import { metadataOf } from './mirror.ts'
import type { EventType } from './observer.ts'
import type { AskedResource } from './resources.ts'
import type { Turns } from './turns.ts'
import { versionOf, type Version } from './versions.ts'

/** What a list is of; commands that end at once list more kinds than are mirrored. */
export interface ListedResource extends AskedResource {
  readonly kind: string
}

export interface ReadingOptions {
  readonly client: ApiClient
  readonly resource: ListedResource
  /** `labelSelector`, or nothing. */
  readonly selector: Readonly<Record<string, string>>
  readonly turns: Turns
}

export interface ListReader {
  /** Of all pages; told before the first item. May throw, which ends the reading. */
  version(version: Version): void
  item(raw: unknown): void
  /** Waits between two pages. */
  between?(): Promise<void>
}

/** Objects of a page: small enough that a page of them stays short, and gzip, which begins at 128 KiB, still helps. */
const PAGE_OBJECTS = 500

/**
 * Reads all objects, `limit` at a time (0: in one answer), as of one version: without naming one, which is the only list
 * that is complete and of now (§4.2 row 3). Rejects with an ApiError; `gone` when the server forgot the version between
 * two pages: its offer to go on with another one gives an inconsistent list (row 4).
 */
export async function readList(
  options: ReadingOptions,
  signal: AbortSignal,
  reader: ListReader,
  limit = PAGE_OBJECTS
): Promise<Version> {
  const { client, resource, selector } = options
  let token = ''
  let version: Version | undefined
  for (;;) {
    const query = {
      ...selector,
      ...(limit === 0 ? {} : { limit: String(limit) }),
      ...(token === '' ? {} : { continue: token })
    }
    const found = (value: unknown) => {
      const listed = versionOf(metadataOf(value)['resourceVersion'])
      if (listed === undefined) return
      if (version !== undefined && version !== listed) {
        throw new ApiError('gone', `${client.server} went on with another version of ${resource.name}`)
      }
      if (version === undefined) reader.version(listed)
      version = listed
    }
    const splitter = new ItemsSplitter({ head: found, item: raw => reader.item(raw) })
    const body = await client.ask({ resource, query, signal })
    await pour(body, splitter, options)
    const shell = judged(() => splitter.end(), options)
    checkKind(shell, options)
    found(shell)
    if (version === undefined) throw odd(options, 'has no resourceVersion')
    const next = metadataOf(shell)['continue']
    if (typeof next !== 'string' || next === '') return version
    token = next
    await reader.between?.()
  }
}

export interface WatchReader {
  /** The stream has begun. */
  opened(): void
  event(type: EventType, object: unknown): void
  /** An event that has no type we know. */
  unknown(): void
}

/** A watch without its end for so long after it was due is dead. */
const OVERDUE_MS = 30_000

/**
 * Reads a watch until the server ends it. Rejects with an ApiError: what an ERROR event says (§4.2 rows 1 and 2), and all
 * that can happen to a connection. Half an event at the end is none.
 */
export async function readWatch(
  options: ReadingOptions,
  query: Readonly<Record<string, string>>,
  timeoutSeconds: number,
  signal: AbortSignal,
  reader: WatchReader
): Promise<void> {
  const { client, resource, selector } = options
  const splitter = new LineSplitter(line => tellEvent(line, options, reader))
  const body = await client.ask({
    resource,
    query: {
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
      ...selector,
      ...query
    },
    signal,
    wholeMs: timeoutSeconds * 1000 + OVERDUE_MS
  })
  reader.opened()
  await pour(body, splitter, options)
}

function tellEvent(line: unknown, options: ReadingOptions, reader: WatchReader): void {
  const { type, object } = (typeof line === 'object' && line !== null ? line : {}) as {
    type?: unknown
    object?: unknown
  }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      reader.event(type, object)
      return
    case 'ERROR': {
      reader.event(type, object)
      const said = statusOf(object)
      throw errorOfStatus(said?.code ?? 0, {
        resource: options.resource,
        server: options.client.server,
        said,
        text: '',
        contentType: 'application/json',
        retryAfterMs: undefined
      })
    }
    default:
      reader.unknown()
  }
}

/** Read without looking at the time: 64 KiB, as sockets give them, are events for two milliseconds. */
const STEP_OCTETS = 1 << 14

async function pour(
  body: AsyncIterable<Buffer>,
  splitter: { write(chunk: Buffer): void },
  options: ReadingOptions
): Promise<void> {
  const { turns } = options
  turns.begin()
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += STEP_OCTETS) {
      judged(() => splitter.write(chunk.subarray(at, at + STEP_OCTETS)), options)
      if (turns.isOver) await turns.next()
    }
  }
}

function judged<T>(read: () => T, { client, resource }: ReadingOptions): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof BadJson)) throw error
    throw new ApiError(
      error.isTooLarge ? 'too-large' : 'not-json',
      `${client.server} sent something for ${resource.name} that is ${error.isTooLarge ? 'too large' : 'no JSON'}: ${error.message}`
    )
  }
}

function checkKind(shell: unknown, options: ReadingOptions): void {
  const { kind } = (typeof shell === 'object' && shell !== null ? shell : {}) as { kind?: unknown }
  const expected = `${options.resource.kind}List`
  if (kind !== expected) {
    throw odd(
      options,
      `is a ${typeof kind === 'string' ? kind : 'thing without a kind'}; expected a ${expected}: check the address and its path`
    )
  }
}

function odd({ client, resource }: ReadingOptions, what: string): ApiError {
  return new ApiError('invalid', `the list of ${resource.name} that ${client.server} sent ${what}`)
}

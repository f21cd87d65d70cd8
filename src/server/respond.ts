// The trunk: what happens to one message between a socket and the plugins, in order.
import { accept } from '../dns/accept.ts'
import { LookupDepthError, type Answer } from '../dns/answer.ts'
import type { Eventual, Handler } from '../dns/plugin.ts'
import { LOOKUP_DEPTH_MAX, Query, type ListenerInfo, type Peer, type TransportKind } from '../dns/query.ts'
import { badVersion, bareHeader, emptyAnswer, encodeResponse } from '../dns/response.ts'
import { endOfName, readName } from '../wire/name.ts'
import { HEADER_OCTETS, Opcode, Rclass, Rcode } from '../wire/numbers.ts'
import type { Responder as MessageResponder, Response } from './transport/transport.ts'
import type { ZoneRouter } from './zone-router.ts'

/** What one listener needs to know to answer. Replaced whole when the configuration changes. */
export interface ListenerState {
  readonly router: ZoneRouter
  /** Whether classes other than IN reach the plugins (a block has `forward` or `chaos`). */
  readonly anyClass: boolean
  /** Set once a client's query is answered; shared by all listeners. */
  readonly answered?: { yet: boolean }
  /** Called for queries that no plugin gets to see, with the rcode they were given. */
  readonly dropped: (query: Query, rcode: number) => void
  /** Called when a plugin throws; the client gets SERVFAIL. */
  readonly failed: (query: Query, error: unknown) => void
}

/** Answers the messages of one listener. */
export class Responder implements MessageResponder {
  state: ListenerState

  constructor(state: ListenerState) {
    this.state = state
  }

  /** Makes a promise only if a plugin had to wait. Never throws, whatever the octets. */
  respond(wire: Buffer, transport: TransportKind, peer: Peer, listener: ListenerInfo): Eventual<Response> {
    const query = accept(wire, transport, peer, listener)
    if (typeof query === 'string') {
      switch (query) {
        case 'ignore':
          return undefined
        case 'formerr':
          return bareHeader(wire, Rcode.FORMERR)
        case 'notimp':
          return bareHeader(wire, Rcode.NOTIMP)
        case 'formerr with question':
          return rejectWithQuestion(wire, transport, peer, listener)
      }
    }
    const answer = this.answer(query)
    if (answer instanceof Promise) return answer.then(value => this.#encode(query, value))
    return this.#encode(query, answer)
  }

  #encode(query: Query, answer: Answer): Response {
    const { answered } = this.state
    if (answered !== undefined && answer.rcode !== Rcode.SERVFAIL) answered.yet = true
    return encode(query, answer)
  }

  /** Asks the server block that the query belongs to; also the way back in for internal lookups. */
  answer(query: Query): Eventual<Answer> {
    const state = this.state
    if (query.qclass !== Rclass.IN && !state.anyClass && !this.#takesClass(query)) return this.#refuse(query)
    if (query.optAt >= 0 && query.wire[query.optAt + 6] !== 0) return badVersionAnswer(query)
    const handler = state.router.handlerFor(query)
    if (handler === undefined) return this.#refuse(query)
    if (query.opcode === Opcode.NOTIFY) return handler.notified?.(query) ?? this.#refuse(query)
    return this.#ask(handler, query)
  }

  /** A lookup that a plugin makes on behalf of `query`: bounded in depth, so that chains into each other end. */
  lookup(query: Query): Eventual<Answer> {
    if (query.depth <= LOOKUP_DEPTH_MAX) return this.answer(query)
    const answer = emptyAnswer(query, Rcode.SERVFAIL)
    answer.error = new LookupDepthError(`names lead in a circle: ${query.depth} lookups for one query`)
    return answer
  }

  #ask(handler: Handler, query: Query): Eventual<Answer> {
    try {
      const answer = handler.answer(query)
      if (!(answer instanceof Promise)) return answer
      return answer.catch((error: unknown) => this.#fail(query, error))
    } catch (error) {
      return this.#fail(query, error)
    }
  }

  #fail(query: Query, error: unknown): Answer {
    this.state.failed(query, error)
    return emptyAnswer(query, Rcode.SERVFAIL)
  }

  #takesClass(query: Query): boolean {
    return this.state.router.handlerFor(query)?.takesClass?.(query) === true
  }

  #refuse(query: Query): Answer {
    this.state.dropped(query, Rcode.REFUSED)
    return emptyAnswer(query, Rcode.REFUSED)
  }
}

function encode(query: Query, answer: Answer): Response {
  if (answer.dropped) return undefined
  if (answer.rcode === Rcode.BADVERS && answer.byServer) return badVersion(query)
  if (answer.more === undefined) return encodeResponse(query, answer)
  return encodeAll(query, answer, answer.more)
}

function* encodeAll(query: Query, first: Answer, more: Iterable<Answer>): Iterable<Buffer> {
  yield encodeResponse(query, first)
  for (const answer of more) yield encodeResponse(query, answer)
}

function badVersionAnswer(query: Query): Answer {
  return emptyAnswer(query, Rcode.BADVERS)
}

/**
 * FORMERR without an OPT for a message whose question is sound and whose records are not. `wire` is the message as it
 * came, so the question's name may hold a compression pointer.
 */
function rejectWithQuestion(
  wire: Buffer,
  transport: TransportKind,
  peer: Peer,
  listener: ListenerInfo
): Buffer {
  const name = readName(wire, HEADER_OCTETS)
  if (name === undefined) return bareHeader(wire, Rcode.FORMERR)
  const end = endOfName(wire, HEADER_OCTETS)
  const question = Buffer.concat([wire.subarray(0, HEADER_OCTETS), name, wire.subarray(end, end + 4)])
  const query = new Query(question, HEADER_OCTETS + name.length, -1, transport, peer, listener)
  return encodeResponse(query, emptyAnswer(query, Rcode.FORMERR))
}

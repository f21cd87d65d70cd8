// What the process of a private namespace and the experiment say to each other, as JSON over the channel between them.
import type { Outgoing } from '../../../resolver/network.ts'

/** To the namespace: run a program with this resolv.conf. */
export interface LookupOrder {
  readonly kind: 'lookup'
  readonly resolvConf: string
  readonly command: readonly string[]
  /** After that many milliseconds the program is ended. */
  readonly limitMs: number
}

/** To the namespace: what becomes of a message. */
export interface AnswerOrder {
  readonly kind: 'answer'
  readonly id: number
  /** In base64; undefined: nothing is sent back. */
  readonly octets: string | undefined
}

/** From the namespace: it is set up, and port 53 is open. */
export interface ReadyNews {
  readonly kind: 'ready'
  /** The namespace has an IPv6 address besides ::1. */
  readonly inet6: boolean
}

/** From the namespace: something came in on port 53. */
export interface QueryNews {
  readonly kind: 'query'
  readonly id: number
  /** In base64. */
  readonly octets: string
  readonly transport: Outgoing['transport']
  /** Tells the program's sockets apart. */
  readonly socket: number
  /** Milliseconds since the namespace began. */
  readonly atMs: number
}

/** From the namespace: the program has ended. */
export interface DoneNews {
  readonly kind: 'done'
  /** Null: a signal ended it, or it could not be started. */
  readonly exitCode: number | null
  /** It took longer than it may, and was ended. */
  readonly overdue: boolean
  readonly stdout: string
  readonly stderr: string
  /** As `QueryNews.atMs`. */
  readonly atMs: number
  /** When answers were sent, by the number of their query. */
  readonly answered: readonly (readonly [id: number, atMs: number])[]
}

/** From the namespace: port 53 can't be had. */
export interface FailedNews {
  readonly kind: 'failed'
  readonly why: string
}

export type Order = LookupOrder | AnswerOrder
export type News = ReadyNews | QueryNews | DoneNews | FailedNews

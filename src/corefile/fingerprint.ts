// Tells one configuration from another by its words: blanks and comments don't count (corefile-and-plugins.md §8.10).
import { hash } from 'node:crypto'
import type { Block } from './load.ts'
import type { ParsedCorefile } from './server-block.ts'

/** Of a block's keys and directives, in words alone: it stays the same when the block moves in its file. Hexadecimal. */
export function blockFingerprint(block: Block): string {
  const keys = block.keys.map(({ transport, zone, port }) => [transport, zone, port])
  const directives = [...block.directives].map(([name, directive]) => {
    const words: string[] = []
    const c = directive.dispenser()
    while (c.next()) words.push(c.token().text)
    return [name, words]
  })
  return sha512([keys, directives])
}

/**
 * Of everything that a configuration says, each word with its file and line: an added line is a change, as in CoreDNS.
 * SHA-512 in hexadecimal.
 */
export function fingerprint({ blocks }: ParsedCorefile): string {
  return sha512(
    blocks.map(({ keys, directives }) => [
      keys.map(({ text, at }) => [text, at.file, at.line]),
      [...directives].map(([name, { words }]) => [
        name,
        words.map(({ text, at }) => [text, at.file, at.line])
      ])
    ])
  )
}

const sha512 = (value: unknown): string => hash('sha512', JSON.stringify(value), 'hex')

// Names that a control plane makes up, with a hash where it uses chance: the same on every machine.
import { hash as hashed } from 'node:crypto'

/** No vowels and no digits that look like them: what Kubernetes makes names from. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_CHARACTERS = 5
/** Longest name that is made up, suffix included. */
const NAME_MAX = 63

/** 32 octets that depend on the text alone. */
export function digestOf(text: string): Buffer {
  return hashed('sha256', text, 'buffer')
}

/** A digest as eight numbers of 32 bits. */
export function wordsOf(digest: Buffer): number[] {
  const words: number[] = []
  for (let at = 0; at < 32; at += 4) words.push(digest.readUInt32BE(at))
  return words
}

/** `base` cut as `generateName` is, and five characters that depend on `seed`. */
export function generatedName(base: string, seed: string): string {
  const digest = digestOf(seed)
  let name = base.slice(0, NAME_MAX - SUFFIX_CHARACTERS)
  for (let at = 0; at < SUFFIX_CHARACTERS; at++) {
    name += ALPHABET[digest.readUInt16BE(2 * at) % ALPHABET.length] as string
  }
  return name
}

/**
 * The hash in the names of a Deployment's ReplicaSet and Pods, 8 to 10 characters. From the name, where Kubernetes takes
 * the template: changing an image renames no Pod here.
 */
export function templateHash(namespace: string, deployment: string): string {
  const smallest = 10_000_000
  const number =
    smallest + (digestOf(`template ${namespace}/${deployment}`).readUInt32BE(0) % (2 ** 32 - smallest))
  let hash = ''
  for (const digit of String(number)) hash += ALPHABET[digit.charCodeAt(0) % ALPHABET.length] as string
  return hash
}

// The words of a configuration one by one, with imported ones put where the import stood.
import { isOnLaterLine, isOnSameLine, type Word } from './lexer.ts'

interface Frame {
  readonly words: readonly Word[]
  /** Index of the next word to hand out. */
  at: number
}

export class WordStream {
  /** Imports within imports, innermost last. Taken words are not kept, so a million expansions cost no memory. */
  readonly #frames: Frame[]
  #current: Word | undefined
  #previous: Word | undefined
  #unread: Word | undefined
  #taken = 0

  constructor(words: readonly Word[]) {
    this.#frames = [{ words, at: 0 }]
  }

  /** The word last taken; undefined before the first. */
  get current(): Word | undefined {
    return this.#current
  }

  /** How many words have been taken so far. */
  get taken(): number {
    return this.#taken
  }

  /** How many imports the next word stands within. */
  get depth(): number {
    return this.#frames.length - 1
  }

  /** Takes the next word; false, and nothing changes, when there is none. */
  next(): boolean {
    const word = this.#unread ?? this.#peek()
    if (word === undefined) return false
    if (this.#unread === undefined) {
      this.#frames[this.#frames.length - 1]!.at++
      this.#taken++
    }
    this.#unread = undefined
    this.#previous = this.#current
    this.#current = word
    return true
  }

  /** Takes the next word if it stands on the same line. */
  nextOnLine(): boolean {
    const word = this.#peek()
    return (
      word !== undefined && this.#current !== undefined && isOnSameLine(this.#current, word) && this.next()
    )
  }

  /** Whether the current word begins a line; the first word does. */
  get startsLine(): boolean {
    if (this.#current === undefined || this.#previous === undefined) return true
    return isOnLaterLine(this.#previous, this.#current)
  }

  /** Gives the current word back, to be taken again. Once, and not right after `insert`. */
  back(): void {
    this.#unread = this.#current
    this.#current = this.#previous
    this.#previous = undefined
  }

  /** Puts another word in the place of the current one. */
  replace(word: Word): void {
    this.#current = word
  }

  /** The word before the current one; undefined for the first, and after `back` and `insert` until the next is taken. */
  get previous(): Word | undefined {
    return this.#previous
  }

  /** Puts words before the next one and goes back to `before`, as though what was taken since had never been there. */
  insert(words: readonly Word[], before: Word | undefined): void {
    this.#frames.push({ words, at: 0 })
    this.#current = before
    this.#previous = undefined
  }

  #peek(): Word | undefined {
    for (;;) {
      const frame = this.#frames[this.#frames.length - 1]!
      const word = frame.words[frame.at]
      if (word !== undefined || this.#frames.length === 1) return word
      this.#frames.pop()
    }
  }
}

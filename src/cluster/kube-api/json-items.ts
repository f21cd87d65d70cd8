// Finds whole JSON values in octets while they arrive: the elements of a list's `items`, the lines of a watch. What it
// holds is at most one value and what stands around the items, never a page.
//
// Nothing is decoded here: strings and brackets are all it takes to see where a value ends, and JSON.parse of each value
// judges the rest.

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const LINE_FEED = 0x0a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** No object is larger: etcd takes 1.5 MB. */
export const VALUE_OCTETS_MAX = 8 << 20

/** What arrived is larger than anything an API server sends, or is no JSON at all. */
export class BadJson extends Error {
  readonly isTooLarge: boolean

  constructor(message: string, isTooLarge = false) {
    super(message)
    this.isTooLarge = isTooLarge
  }
}

/** Octets of a value that is spread over chunks. */
class Parts {
  #parts: Buffer[] = []
  #octets = 0

  /** Adds octets; refuses more than a value may have. */
  add(chunk: Buffer, start: number, end: number): void {
    if (start >= end) return
    this.#octets += end - start
    if (this.#octets > VALUE_OCTETS_MAX)
      throw new BadJson(`a value has over ${VALUE_OCTETS_MAX} octets`, true)
    this.#parts.push(chunk.subarray(start, end))
  }

  /** The text so far and up to `end`; nothing is held afterwards. */
  take(chunk: Buffer, start: number, end: number): string {
    if (this.#parts.length === 0) {
      if (end - start > VALUE_OCTETS_MAX)
        throw new BadJson(`a value has over ${VALUE_OCTETS_MAX} octets`, true)
      return chunk.toString('utf8', start, end)
    }
    this.add(chunk, start, end)
    const text = Buffer.concat(this.#parts, this.#octets).toString('utf8')
    this.#parts = []
    this.#octets = 0
    return text
  }

  get isEmpty(): boolean {
    return this.#octets === 0
  }
}

/** JSON.parse, whose error becomes a BadJson. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadJson(`${(error as Error).message} (${text.length} characters)`)
  }
}

export interface ItemsReader {
  /** What stands before the items, once these begin: `{kind, apiVersion, metadata}` of a list. */
  head(value: unknown): void
  item(value: unknown): void
}

/** Reads an object with a member `items`, whose elements are told one by one. */
export class ItemsSplitter {
  readonly #reader: ItemsReader
  readonly #parts = new Parts()
  /** The object without the elements of its items. */
  #shell = ''
  #depth = 0
  #inString = false
  #isEscaped = false
  /** Where in the text of the shell's level 1 we are: how many octets of `"items"` matched, then its colon. */
  #matched = 0
  #inItems = false
  #itemCount = 0

  constructor(reader: ItemsReader) {
    this.#reader = reader
  }

  /** Takes the next octets. Throws BadJson, and whatever the reader throws. */
  write(chunk: Buffer): void {
    let start = 0
    let at = 0
    const end = chunk.length
    while (at < end) {
      if (this.#inString) {
        at = this.#skipString(chunk, at)
        continue
      }
      const octet = chunk[at] as number
      if (octet > COLON && octet < OPEN_BRACKET) {
        at++
        continue
      }
      switch (octet) {
        case QUOTE:
          this.#inString = true
          if (this.#depth === 1 && !this.#inItems) this.#matched = 0
          break
        case OPEN_BRACE:
          this.#depth++
          break
        case OPEN_BRACKET:
          this.#depth++
          if (this.#depth === 2 && !this.#inItems && this.#matched === ITEMS_MATCHED) {
            this.#inItems = true
            this.#itemCount = 0
            this.#shell += this.#parts.take(chunk, start, at + 1)
            start = at + 1
            this.#tellHead()
          }
          break
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          if (this.#inItems && this.#depth === 2) {
            this.#endItem(chunk, start, at, true)
            start = at
            this.#inItems = false
            this.#matched = 0
          }
          this.#depth--
          break
        case COMMA:
          if (this.#inItems && this.#depth === 2) {
            this.#endItem(chunk, start, at, false)
            start = at + 1
          } else if (this.#depth === 1) this.#matched = 0
          break
        case COLON:
          if (this.#depth === 1 && this.#matched === NAME_MATCHED) this.#matched = ITEMS_MATCHED
          break
      }
      at++
    }
    this.#parts.add(chunk, start, end)
  }

  /** The object with empty items. Throws BadJson when it is not whole. */
  end(): unknown {
    if (this.#inItems) throw new BadJson('the list ends in the middle of its items')
    this.#shell += this.#parts.take(Buffer.alloc(0), 0, 0)
    return parseJson(this.#shell)
  }

  /** Goes on to the end of the string, or of the chunk; says where. */
  #skipString(chunk: Buffer, from: number): number {
    const isName = this.#depth === 1 && !this.#inItems
    for (let at = from; at < chunk.length; at++) {
      const octet = chunk[at] as number
      if (this.#isEscaped) {
        this.#isEscaped = false
        if (isName) this.#matched = MISMATCHED
      } else if (octet === BACKSLASH) this.#isEscaped = true
      else if (octet === QUOTE) {
        this.#inString = false
        if (isName) this.#matched = this.#matched === ITEMS.length ? NAME_MATCHED : MISMATCHED
        return at + 1
      } else if (isName && this.#matched >= 0) {
        this.#matched = octet === ITEMS.charCodeAt(this.#matched) ? this.#matched + 1 : MISMATCHED
      }
    }
    return chunk.length
  }

  #tellHead(): void {
    this.#reader.head(parseJson(`${this.#shell}]}`))
  }

  #endItem(chunk: Buffer, start: number, end: number, isLast: boolean): void {
    const text = this.#parts.take(chunk, start, end)
    if (isLast && this.#itemCount === 0 && text.trim() === '') return
    this.#itemCount++
    this.#reader.item(parseJson(text))
  }
}

const ITEMS = 'items'
/** `"items"` was read; and then a colon. */
const NAME_MATCHED = 100
const ITEMS_MATCHED = 101
const MISMATCHED = -1

/** Reads a text of JSON values, each on a line of its own. A last line without its end is no line. */
export class LineSplitter {
  readonly #line: (value: unknown) => void
  readonly #parts = new Parts()

  constructor(line: (value: unknown) => void) {
    this.#line = line
  }

  /** Takes the next octets. Throws BadJson for a line that is none, after the lines before it were told. */
  write(chunk: Buffer): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start)
      if (end < 0) break
      const text = this.#parts.take(chunk, start, end)
      start = end + 1
      if (text.trim() !== '') this.#line(parseJson(text))
    }
    this.#parts.add(chunk, start, chunk.length)
  }

  /** Whether a line has begun and not ended. */
  get isInLine(): boolean {
    return !this.#parts.isEmpty
  }
}

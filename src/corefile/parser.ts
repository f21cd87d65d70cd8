// Words to server blocks (corefile-and-plugins.md §1.3, §1.4). The first error is the one CoreDNS ends with, in its own
// words; where the rest of the file can still be read without guessing, `parseCorefileAll` goes on to the next.
import { dirname, resolve } from 'node:path'
import type { Files } from '../runtime/files.ts'
import { environmentExpander, type Expand } from './environment.ts'
import { FILE_DEPTH_TEXT, Imports, SNIPPET_DEPTH_TEXT } from './import.ts'
import { readWords, type Locate, type Word } from './lexer.ts'
import { nearestWord } from './nearest.ts'
import { ParseErrors, placeText, Stop } from './parse-errors.ts'
import type { CorefileError, Position, Token } from './position.ts'
import type { Note, ParsedCorefile, ServerBlock } from './server-block.ts'
import { WordStream } from './word-stream.ts'

export interface ParseOptions {
  readonly files: Files
  /** What `{$NAME}` reads. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Every directive there is; others are errors. Without the list, any word may be one. */
  readonly knownDirectives: readonly string[] | undefined
  /** Folder that relative paths start from, absolute; the process's working folder when left out. */
  readonly folder?: string
  /** Places of the text's characters, where it stands inside another file. */
  readonly locate?: Locate
}

/** Server blocks of `text`; `file` is its name in messages. Throws the CorefileError that CoreDNS would end with. */
export function parseCorefile(text: string, file: string, options: ParseOptions): ParsedCorefile {
  const parsed = new Parser(text, file, options, 1).parse()
  if (parsed.errors[0] !== undefined) throw parsed.errors[0]
  return parsed
}

/** As `parseCorefile`, with every error that can be told apart from the consequences of another (20 at most). */
export function parseCorefileAll(
  text: string,
  file: string,
  options: ParseOptions
): ParsedCorefile & { readonly errors: readonly CorefileError[] } {
  return new Parser(text, file, options, ERRORS_MAX).parse()
}

/** Standard input stands in no folder: its imports start at the working folder. (CoreDNS looks into /dev.) */
const importFolder = (file: string, folder: string): string =>
  file === '/dev/stdin' ? folder : dirname(resolve(folder, file))

/** Words in a configuration, those of imports as often as they are imported: a cycle that takes no end in sight. */
const WORDS_MAX = 6_000_000
/** Nobody nests imports so deep: when there are too many words, this is why. */
const CYCLE_DEPTH = 200
/** A person mends a few at a time. */
export const ERRORS_MAX = 20
export const NOTES_MAX = 20

class Parser {
  readonly #errors: ParseErrors
  readonly #known: ReadonlySet<string> | undefined
  readonly #stream: WordStream
  readonly #imports: Imports
  readonly #expandText: Expand
  readonly #blocks: ServerBlock[] = []
  readonly #warnings: string[] = []
  readonly #notes: Note[] = []
  /** The `{` of the block that is being read, or its first key where it has no braces. */
  #blockStart: Token | undefined
  readonly #snippetPlaces = new Map<string, Position>()

  constructor(text: string, file: string, options: ParseOptions, errorsMax: number) {
    this.#known = options.knownDirectives === undefined ? undefined : new Set(options.knownDirectives)
    this.#expandText = environmentExpander(options.environment)
    const locate = options.locate ?? ((_, line, column) => ({ file, line, column }))
    const list = readWords(text, '', locate)
    this.#stream = new WordStream(list.words)
    this.#errors = new ParseErrors(file, this.#stream, errorsMax)
    const note = (words: readonly Word[]): void => this.#noteComments(words)
    this.#imports = new Imports(options.files, importFolder(file, options.folder ?? process.cwd()), note)
    note(list.afterComment)
  }

  parse(): ParsedCorefile & { readonly errors: readonly CorefileError[] } {
    try {
      while (this.#next()) this.#parseBlock()
    } catch (error) {
      if (!(error instanceof Stop)) throw error
    }
    return { blocks: this.#blocks, warnings: this.#warnings, notes: this.#notes, errors: this.#errors.list }
  }

  #parseBlock(): void {
    const keys: Token[] = []
    if (this.#readKeys(keys) === 'end of file') {
      if (keys.length > 0) this.#blocks.push({ keys, directives: new Map() })
      return
    }
    const key = keys[0]
    if (keys.length === 1 && key !== undefined && key.text.startsWith('(') && key.text.endsWith(')')) {
      this.#defineSnippet(key)
      return
    }
    const directives = new Map<string, { name: string; words: Word[]; starts: Position[] }>()
    const opening = this.#stream.current
    const inBraces = opening?.text === '{'
    this.#blockStart = inBraces ? opening : key
    if (!inBraces) this.#stream.back() // one server needs no braces: this is its first directive
    this.#readDirectives(directives)
    if (inBraces && this.#stream.current?.text !== '}') {
      this.#errors.stop('SYNTAX', this.#errors.syntaxText('}'), this.#stream.current, neverClosed(opening))
    }
    if (keys.length > 0) this.#blocks.push({ keys, directives })
  }

  /** Reads keys up to `{`, or to the end of a line that no comma ends. */
  #readKeys(keys: Token[]): 'end of file' | 'more to come' {
    let comma: Token | undefined
    for (;;) {
      const word = this.#stream.current
      const text = word === undefined ? '' : this.#expand(word)
      if (text === 'import' && this.#stream.startsLine) {
        this.#import()
        if (this.#next()) continue
        if (comma !== undefined)
          this.#errors.stop('SYNTAX', this.#errors.parsingText('Unexpected EOF', null), comma, AFTER_COMMA)
        return 'end of file'
      }
      if (text === '{') {
        if (comma === undefined) return 'more to come'
        const message = `Expected another address but had '${text}' - check for extra comma`
        this.#errors.stop('SYNTAX', this.#errors.parsingText(message), comma, AFTER_COMMA)
      }
      if (word !== undefined && text !== '') {
        const endsInComma = text.endsWith(',')
        const key = { text: endsInComma ? text.slice(0, -1) : text, at: word.at }
        keys.push(key)
        comma = endsInComma ? key : undefined
      }
      if (!this.#next()) {
        if (comma !== undefined)
          this.#errors.stop('SYNTAX', this.#errors.parsingText('Unexpected EOF'), comma, AFTER_COMMA)
        return 'end of file'
      }
      if (comma === undefined && this.#stream.startsLine) return 'more to come'
    }
  }

  /** The current word is the one behind the snippet's name. */
  #defineSnippet(key: Token): void {
    const name = key.text.slice(1, -1)
    const first = this.#snippetPlaces.get(name)
    if (first !== undefined) {
      const message = this.#errors.parsingText(`redeclaration of previously declared snippet ${name}`)
      this.#errors.fail(
        'DUPLICATE',
        message,
        key,
        `the first one is at ${placeText(first)}; give one of them another name`
      )
    }
    const opening = this.#stream.current
    if (opening?.text !== '{') {
      this.#errors.stop(
        'SYNTAX',
        this.#errors.syntaxText('{'),
        opening,
        `a snippet's words stand in braces: (${name}) { … }`
      )
    }
    const words: Word[] = []
    for (let depth = 1; depth > 0;) {
      if (!this.#next())
        this.#errors.stop('SYNTAX', this.#errors.syntaxText('}'), this.#stream.current, neverClosed(opening))
      const word = this.#stream.current as Word
      if (word.text === '}') depth--
      else if (word.text === '{') depth++
      if (depth > 0) words.push(word)
    }
    const itself = this.#importOf(name, words)
    if (itself !== undefined) {
      this.#errors.fail(
        'SYNTAX',
        this.#errors.parsingText(SNIPPET_DEPTH_TEXT),
        itself,
        `'${name}' imports itself here`
      )
      return
    }
    if (first !== undefined) return
    this.#snippetPlaces.set(name, key.at)
    this.#imports.defineSnippet(name, words)
  }

  /** The `import` at the start of a line of a snippet's words that names the snippet itself. */
  #importOf(name: string, words: readonly Word[]): Word | undefined {
    return words.find((word, at) => {
      const before = words[at - 1]
      const target = words[at + 1]
      if (word.text !== 'import' || target === undefined) return false
      if (before?.source === word.source && before.line === word.line) return false
      return this.#expand(target) === name
    })
  }

  /** Reads directives up to the `}` of the block, which is then the current word, or to the end of the file. */
  #readDirectives(into: Map<string, { name: string; words: Word[]; starts: Position[] }>): void {
    while (this.#next()) {
      const word = this.#stream.current as Word
      if (word.text === '}') return
      if (word.text === 'import') {
        this.#import()
        continue
      }
      const name = this.#expand(word)
      const known = this.#known?.has(name) !== false
      if (!known) this.#failUnknown(name, word)
      const words = this.#readDirective()
      if (!known) continue
      const earlier = into.get(name)
      if (earlier === undefined) into.set(name, { name, words, starts: [word.at] })
      else {
        for (const each of words) earlier.words.push(each)
        earlier.starts.push(word.at)
      }
    }
  }

  /** The words of the directive that begins at the current word: its line, and its block when it has one. */
  #readDirective(): Word[] {
    const words = [this.#stream.current as Word]
    const braces: Word[] = []
    while (this.#next()) {
      const word = this.#stream.current as Word
      if (word.text === '{') braces.push(word)
      else if (braces.length === 0 && this.#stream.startsLine) {
        this.#stream.back()
        break
      } else if (word.text === '}') {
        if (braces.pop() === undefined) {
          const message = this.#errors.parsingText("Unexpected '}' because no matching opening brace")
          this.#errors.stop('SYNTAX', message, word, "put the '}' on a line of its own")
        }
      } else if (word.text === 'import' && this.#stream.startsLine) {
        this.#import()
        continue
      }
      const text = this.#expand(word)
      if (text !== word.text) this.#stream.replace({ ...word, text })
      words.push(this.#stream.current as Word)
    }
    if (braces.length > 0) {
      const message = this.#errors.parsingText('Unexpected EOF')
      this.#errors.stop('SYNTAX', message, this.#stream.current, neverClosed(braces[braces.length - 1]))
    }
    return words
  }

  /** Puts what is imported in the place of the current word and its argument; the next word is then the first of it. */
  #import(): void {
    const before = this.#stream.previous
    const words = this.#importedWords()
    if (words.length === 0) while (this.#stream.nextOnLine()); // what an error left of the line
    this.#stream.insert(words, before)
  }

  #importedWords(): readonly Word[] {
    const start = this.#stream.current as Word
    if (!this.#stream.nextOnLine()) {
      this.#errors.fail(
        'ARGUMENT_COUNT',
        this.#errors.argumentText(),
        start,
        'name a snippet, a file, or files by a wildcard'
      )
      return []
    }
    const word = this.#stream.current as Word
    const pattern = this.#expand(word)
    if (pattern === '') {
      this.#errors.fail(
        'FILE',
        this.#errors.parsingText('Import requires a non-empty filepath'),
        word,
        'the word is empty'
      )
      return []
    }
    if (this.#stream.nextOnLine()) {
      const surplus = this.#stream.current as Word
      const message = this.#errors.parsingText('Import takes only one argument (glob pattern or file)')
      this.#errors.fail(
        'ARGUMENT_COUNT',
        message,
        surplus,
        'snippets take no arguments; write one import for each file'
      )
      if (surplus.text === '{') throw new Stop()
      return []
    }
    const imported = this.#imports.find(pattern, word)
    if (imported.error !== undefined) {
      const endless = imported.error === SNIPPET_DEPTH_TEXT || imported.error === FILE_DEPTH_TEXT
      if (endless) this.#errors.stop('SYNTAX', this.#errors.parsingText(imported.error), word, imported.hint)
      this.#errors.fail('FILE', this.#errors.parsingText(imported.error), word, imported.hint)
      return []
    }
    if (imported.warning !== undefined) this.#warnings.push(imported.warning)
    return imported.words
  }

  #next(): boolean {
    if (!this.#stream.next()) return false
    if (this.#stream.taken <= WORDS_MAX) return true
    const word = this.#stream.current
    if (this.#stream.depth > CYCLE_DEPTH) {
      this.#errors.stop(
        'SYNTAX',
        this.#errors.parsingText(FILE_DEPTH_TEXT),
        word,
        'a file or snippet imports itself, directly or not'
      )
    }
    this.#errors.stop(
      'SYNTAX',
      this.#errors.parsingText(`more than ${WORDS_MAX} words, imports included`),
      word
    )
  }

  #expand(word: Word): string {
    const text = this.#expandText(word.text)
    if (text !== undefined) return text
    const hint = 'a variable holds a reference to itself, directly or through another'
    this.#errors.stop(
      'BAD_VALUE',
      this.#errors.parsingText('environment variables refer to each other without end'),
      word,
      hint
    )
  }

  #failUnknown(name: string, word: Word): void {
    const looksLikeKey = !/^[\w-]*$/.test(name)
    const near = nearestWord(name, this.#known ?? [])
    const hint = looksLikeKey
      ? keyAsDirective(this.#blockStart)
      : near === undefined
        ? 'no plugin has this name'
        : `did you mean '${near}'?`
    const message = this.#errors.parsingText(`Unknown directive '${name}'`)
    if (looksLikeKey) this.#errors.stop('UNKNOWN_DIRECTIVE', message, word, hint)
    this.#errors.fail('UNKNOWN_DIRECTIVE', message, word, hint)
  }

  #noteComments(words: readonly Word[]): void {
    for (const { text, at } of words.slice(0, NOTES_MAX - this.#notes.length)) {
      const message = `'${text}' is read as a word: a comment that begins inside a word ends at the next blank. Put a blank before the '#'`
      this.#notes.push({ message, at })
    }
  }
}

const AFTER_COMMA = 'after a comma comes another key: take the comma away, or add the key'

const neverClosed = (opening: Token | undefined): string | undefined =>
  opening === undefined ? undefined : `the '{' at ${placeText(opening.at)} is never closed`

/** Why a server block's key stands where a directive should. */
function keyAsDirective(blockStart: Token | undefined): string {
  const looks = 'this looks like the key of a server block'
  if (blockStart === undefined) return looks
  const place = placeText(blockStart.at)
  if (blockStart.text === '{')
    return `${looks}, but the '{' at ${place} is still open: is a '}' missing above?`
  if (blockStart.text === '}')
    return `${looks}, but the '}' at ${place} is one too many, and is taken for a key itself`
  return `${looks}, but the block of '${blockStart.text}' at ${place} has no braces, and goes on to the end of the file`
}

// The application log in CoreDNS's line format `[LEVEL] message`, which people grep (corefile-and-plugins.md §4.2, §10). Lines
// that CoreDNS doesn't have begin `labdns: ` after the level. With `--log-format json` each line is an object as pino writes
// it: level, time, plugin, msg, and what its writer adds.
import { pino, type Logger } from 'pino'
import { CHARACTERS_MAX, droppedText, GATHER_MS, LineWriter, writeTo } from './line-writer.ts'

export interface Log {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  /** For what the process ends by. It goes on: ending it is its owner's business. */
  fatal(message: string): void
  /** A log whose lines carry a prefix: `log.plugin('health')` writes `[INFO] plugin/health: …`. */
  plugin(name: string): Log
  /** A log for lines that CoreDNS doesn't have: `[INFO] labdns: …`. */
  own(): Log
  /** Writes a line with fields beside its message; absent where lines are text, which has no place for them. */
  readonly infoWith?: (fields: LogFields, message: string) => void
}

/** What a line of JSON holds besides level, time, plugin and msg. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export type LogFormat = 'text' | 'json'

/** The log of a process, and what its owner does with it. */
export interface ProcessLog {
  readonly log: Log
  /** Writes a line as it is, in order with the log's (the start banner). */
  readonly print: (line: string) => void
  /** Whether debug lines are written from here on. */
  readonly showDebug: (shown: boolean) => void
  /** Lines that nobody read in time. */
  readonly dropped: number
  /** Settles when everything is written, and after `limitMs` in any case: to be awaited before the process exits. */
  readonly flush: (limitMs: number) => Promise<void>
}

export interface ProcessLogOptions {
  /** Whether debug lines are written. */
  readonly debug?: boolean
  readonly writer?: LineWriter
  /** Default: text. */
  readonly format?: LogFormat
}

const standardOutput = (): LineWriter => new LineWriter(writeTo(1), CHARACTERS_MAX, GATHER_MS)

/** A log on standard output. Writing never waits: see LineWriter for what happens to a reader that is slow. */
export function processLog(options: ProcessLogOptions = {}): ProcessLog {
  if (options.format === 'json') return jsonLog(options)
  const writer = options.writer ?? standardOutput()
  const shows = { debug: options.debug === true }
  return {
    log: new TextLog(writer, shows, ''),
    print: line => writer.write(`${line}\n`),
    showDebug: shown => void (shows.debug = shown),
    get dropped() {
      return writer.dropped
    },
    flush: limitMs => writer.flush(limitMs)
  }
}

/** As `processLog`, every line a JSON object: the banner's and the one that tells of dropped lines too. */
function jsonLog({ debug, writer = standardOutput() }: ProcessLogOptions): ProcessLog {
  const logger = pino(
    {
      level: debug === true ? 'debug' : 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) }
    },
    { write: line => writer.write(escaped(line)) }
  )
  writer.tellDropped = count =>
    `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), plugin: 'labdns', dropped: count, msg: droppedText(count) })}\n`
  return {
    log: new JsonLog(logger),
    print: line => logger.info(line),
    showDebug: shown => void (logger.level = shown ? 'debug' : 'info'),
    get dropped() {
      return writer.dropped
    },
    flush: limitMs => writer.flush(limitMs)
  }
}

/** The name of a plugin is a field here, and so is `labdns` for lines that are ours. */
class JsonLog implements Log {
  readonly #logger: Logger
  readonly #plugin: string | undefined

  constructor(logger: Logger, plugin?: string) {
    this.#logger = logger
    this.#plugin = plugin
  }

  debug(message: string): void {
    this.#logger.debug(this.#fields, message)
  }

  info(message: string): void {
    this.#logger.info(this.#fields, message)
  }

  warn(message: string): void {
    this.#logger.warn(this.#fields, message)
  }

  error(message: string): void {
    this.#logger.error(this.#fields, message)
  }

  fatal(message: string): void {
    this.#logger.fatal(this.#fields, message)
  }

  plugin(name: string): Log {
    return new JsonLog(this.#logger, name)
  }

  own(): Log {
    return new JsonLog(this.#logger, 'labdns')
  }

  readonly infoWith = (fields: LogFields, message: string): void => {
    this.#logger.info({ ...this.#fields, ...fields }, message)
  }

  /** `debug` changes the level of the root logger alone, so there are no children. */
  get #fields(): LogFields {
    return this.#plugin === undefined ? {} : { plugin: this.#plugin }
  }
}

/** Written by hand: *log* writes a line for every query, and an object made on the way would cost more than all the rest. */
class TextLog implements Log {
  readonly #writer: LineWriter
  readonly #shows: { readonly debug: boolean }
  readonly #prefix: string

  constructor(writer: LineWriter, shows: { readonly debug: boolean }, prefix: string) {
    this.#writer = writer
    this.#shows = shows
    this.#prefix = prefix
  }

  debug(message: string): void {
    if (this.#shows.debug) this.#write('[DEBUG] ', message)
  }

  info(message: string): void {
    this.#write('[INFO] ', message)
  }

  warn(message: string): void {
    this.#write('[WARNING] ', message)
  }

  error(message: string): void {
    this.#write('[ERROR] ', message)
  }

  fatal(message: string): void {
    this.#write('[FATAL] ', message)
  }

  plugin(name: string): Log {
    return new TextLog(this.#writer, this.#shows, `plugin/${name}: `)
  }

  own(): Log {
    return new TextLog(this.#writer, this.#shows, 'labdns: ')
  }

  #write(level: string, message: string): void {
    this.#writer.write(`${oneLine(level + this.#prefix + message)}\n`)
  }
}

// What a message quotes may come from outside: nothing in it may begin a line of its own or steer a terminal.
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g

// JSON's own escapes end at U+001F; the rest of what steers a terminal or ends a line somewhere.
const UNESCAPED = /[\u007f-\u009f\u2028\u2029]/g

function escaped(json: string): string {
  if (json.search(UNESCAPED) < 0) return json
  return json.replace(UNESCAPED, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function oneLine(message: string): string {
  // `search` first: nearly no line needs a copy.
  if (message.search(CONTROL) < 0) return message
  return message.replace(CONTROL, character => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

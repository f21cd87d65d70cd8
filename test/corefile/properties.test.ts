// Whatever a file holds: an error or a configuration, never anything else, in time that grows with its length.
import fc from 'fast-check'
import t from 'tap'
import { extractCorefile } from '../../src/corefile/configmap.ts'
import type { Dispenser } from '../../src/corefile/dispenser.ts'
import { readWords } from '../../src/corefile/lexer.ts'
import { checkCorefile, interpretCorefile } from '../../src/corefile/load.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { renderErrors } from '../../src/corefile/report.ts'
import {
  parseDuration,
  parseFloatingPoint,
  parseInteger,
  parseSize,
  parseUnsigned,
  quoteText
} from '../../src/corefile/values.ts'
import { parseAddressPort, parseCidr, parseIp, splitHostPort } from '../../src/corefile/addresses.ts'
import { readZones } from '../../src/corefile/zones.ts'
import { options } from './support.ts'

/** Pieces that a Corefile is made of, and some that it should not be made of. */
const pieces = fc.constantFrom(
  ...'{ } " # \\ , ; ( ) [ ] * ? $ % : / . - \n \r \t \u00a0 \u2028 \ufeff \0 \u{1f600} \ud800'.split(' '),
  ...[
    ' ',
    '\n',
    '{\n',
    '}\n',
    ' {\n',
    '\n}\n',
    '.:53 {\n',
    'a.org b.org {\n',
    '(s) {\n',
    'import s\n',
    'import *\n',
    'import x.conf\n'
  ],
  ...[
    'log ',
    'errors',
    'forward . 9.9.9.9 ',
    '"a b"',
    '"a\n',
    '{$A}',
    '{%B%}',
    '{$SELF}',
    '# c\n',
    'a#b c',
    '10.0.0.0/9 ',
    '::/0'
  ],
  ...['apiVersion: v1\n', 'kind: ConfigMap\n', 'data:\n', '  Corefile: |\n', '    . {\n', '- ', '&a ', '*a ']
)
const corefiles = fc.oneof(
  fc.array(pieces, { maxLength: 60 }).map(parts => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 200 })
)
const files = { 'x.conf': 'log\nimport y.conf\n', 'y.conf': 'errors {\n', z: '}' }
const environment = { A: 'a {', B: '{$A}', SELF: '{$SELF}' }

t.test('any text', t => {
  const property = fc.property(corefiles, text => {
    const { errors, blocks } = checkCorefile(text, 'Corefile', options(files, environment))
    for (const error of errors) {
      if (!(error instanceof CorefileError)) return false
      // Every place is one that exists, so that a caret can be put there.
      if (error.at === undefined) continue
      const source =
        error.at.file === 'Corefile'
          ? text
          : (files as Record<string, string>)[error.at.file.split('/').pop() ?? '']
      const line = source?.replace(/^\ufeff/, '').split('\n')[error.at.line - 1]
      if (line === undefined || error.at.column > Array.from(line).length + 1) return false
    }
    let first: unknown
    try {
      interpretCorefile(text, 'Corefile', options(files, environment))
    } catch (error) {
      first = error
    }
    if (String(first) !== String(errors[0])) return false
    for (const { directives } of blocks) for (const each of directives.values()) exhaust(each.dispenser())
    const rendered = renderErrors(errors, () => text)
    const message = errors[0]?.message ?? ''
    return rendered.startsWith(message) && /^(?:\n {4}\| [^\n]*)*$/.test(rendered.slice(message.length))
  })
  fc.assert(property, { numRuns: 3000 })
  t.pass()
  t.end()
})

/** Reads a directive as a set-up does; every loop of it must end. */
function exhaust(c: Dispenser): void {
  for (let steps = 0; c.next(); steps++) {
    if (steps > 100_000) throw new Error('it does not end')
    c.remainingArgs()
    while (c.nextBlock()) {
      c.nextArg()
      c.remainingArgs()
      c.nextLine()
    }
  }
}

t.test('any manifest', t => {
  const property = fc.property(corefiles, text => {
    try {
      extractCorefile(text, 'cm.yaml')
    } catch (error) {
      return error instanceof CorefileError
    }
    return true
  })
  fc.assert(property, { numRuns: 2000 })
  t.pass()
  t.end()
})

t.test('any word', t => {
  const readers = [
    parseDuration,
    parseFloatingPoint,
    parseInteger,
    parseSize,
    (text: string) => parseUnsigned(text, 32),
    (text: string) => parseAddressPort(text, 53),
    parseCidr,
    parseIp,
    splitHostPort,
    readZones,
    quoteText
  ]
  const parts = fc.constantFrom(
    ...'0 1 9 . : - + / % [ ] e s ms h x _ é \\ " ff 255 2001:db8:: 10.0.0.0 /24 \n'.split(' ')
  )
  const words = fc.oneof(
    fc.array(parts).map(each => each.join('')),
    fc.string({ unit: 'binary' })
  )
  fc.assert(
    fc.property(words, word => {
      for (const read of readers) read(word)
    }),
    { numRuns: 3000 }
  )
  for (const read of readers) read('9'.repeat(1_000_000))
  t.pass()
  t.end()
})

t.test('a mebioctet of anything', t => {
  const unit = (text: string): { readonly name: string; readonly text: string } => ({
    // tap ends a test at a name with a line separator.
    name: JSON.stringify(text).replace(/[^ -~]/g, each => `\\u${each.charCodeAt(0).toString(16)}`),
    text: text.repeat(Math.ceil(2 ** 20 / text.length))
  })
  const texts = [
    ...[
      'a',
      ' ',
      '\n',
      '"',
      '\\',
      '#',
      '{',
      '}',
      '{ ',
      '} ',
      '{\n',
      '}\n',
      '{ }\n',
      ',',
      ', ',
      '"\n" ',
      '"\\"',
      'a#b ',
      '\r',
      'a\r'
    ].map(unit),
    ...[
      '{$A',
      '{$A}',
      '{$A} ',
      '{%',
      '(s) {\n',
      '(s) {\n}\n',
      'import s\n',
      'import *\n',
      'a,\n',
      'a b c\n',
      '. {\n}\n',
      '. {\n log\n}\n'
    ].map(unit),
    ...[
      '10.0.0.0/8 ',
      'nope {\n}\n',
      '[',
      '{"',
      '{"a":',
      '\u{1f600}',
      '\ud800',
      '\u2028',
      '\0',
      '\ufeff',
      'import import '
    ].map(unit),
    { name: 'unknown directives', text: `. {\n${'nope\n'.repeat(200_000)}` },
    { name: 'one long word', text: `. {\n log ${'x'.repeat(2 ** 20)}\n}\n` },
    { name: 'one long quoted word', text: `. {\n log "${'x\n'.repeat(2 ** 19)}"\n}\n` },
    { name: 'many references in a word', text: `. {\n log ${'{$A}'.repeat(2 ** 18)}\n}\n` },
    {
      name: 'different references in a word',
      text: `. {\n log ${Array.from({ length: 2 ** 17 }, (_, n) => `{$A${n}}`).join('')}\n}\n`
    },
    {
      name: 'imports of one snippet',
      text: `(s) {\n${'log a b c\n'.repeat(1000)}}\n. {\n${'import s\n'.repeat(100_000)}}\n`
    },
    { name: 'imports of a missing wildcard', text: `. {\n${'import none*\n'.repeat(80_000)}}\n` },
    { name: 'repeated directives', text: `. {\n${'log a b {\n class error\n}\n'.repeat(40_000)}}\n` }
  ]
  for (const { name, text } of texts) {
    const started = performance.now()
    const { errors, blocks } = checkCorefile(text, 'Corefile', options(files, environment))
    for (const { directives } of blocks)
      for (const each of directives.values()) exhaustQuickly(each.dispenser())
    renderErrors(errors, () => text)
    const ms = Math.round(performance.now() - started)
    t.ok(ms < 20_000, `${name}: ${ms} ms`)
  }
  t.end()
})

function exhaustQuickly(c: Dispenser): void {
  while (c.next()) {
    c.remainingArgs()
    while (c.nextBlock()) c.remainingArgs()
  }
}

t.test('time grows with the length, not with its square', t => {
  const time = (text: string): number => {
    let least = Infinity
    for (let round = 0; round < 3; round++) {
      // On a busy machine CPU time says more than the clock; where the garbage collector's threads run along, it says less.
      const [started, cpu] = [performance.now(), process.cpuUsage()]
      checkCorefile(text, 'Corefile', options(files, environment))
      least = Math.min(least, performance.now() - started, process.cpuUsage(cpu).user / 1000)
    }
    return least
  }
  const shapes: readonly ((size: number) => string)[] = [
    size => `. {\n${'log a b {\n class error\n}\n'.repeat(size)}}\n`,
    size => 'a.org {\n log\n}\n'.repeat(size),
    size => `. {\n log "${'x\n'.repeat(size)}" ${'"\\"" '.repeat(size)}\n}\n`,
    size => `${'# a b c\n'.repeat(size)}${'a,\n'.repeat(size)}b {\n}\n`
  ]
  for (const shape of shapes) {
    time(shape(2000))
    const [few, many] = [time(shape(4000)), time(shape(32_000))]
    // Eight times the text: a square would be 64 times the time. More garbage to collect costs some as well.
    t.ok(many < 48 * Math.max(few, 2), `${few.toFixed(1)} ms, ${many.toFixed(1)} ms`)
  }
  t.end()
})

t.test('words and the blanks between them are the whole text', t => {
  const property = fc.property(corefiles, text => {
    const { words } = readWords(text, '', (offset, line, column) => ({ file: String(offset), line, column }))
    let last = -1
    for (const word of words) {
      const offset = Number(word.at.file)
      if (offset <= last || word.line !== word.at.line) return false
      const before = text.slice(text.startsWith('\ufeff') ? 1 : 0, offset)
      if (before.split('\n').length !== word.at.line) return false
      if (Array.from(before.slice(before.lastIndexOf('\n') + 1)).length + 1 !== word.at.column) return false
      last = offset
    }
    return true
  })
  fc.assert(property, { numRuns: 3000 })
  t.pass()
  t.end()
})

import t from 'tap'
import { systemFiles } from '../../src/runtime/files.ts'
import { readServerKeys } from '../../src/corefile/server-keys.ts'
import { parseCorefile, parseCorefileAll } from '../../src/corefile/parser.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { FOLDER, options, placeOf, recorded, thrownBy } from './support.ts'

interface Case {
  readonly id: string
  readonly corefile: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

t.test('ends with the recorded error', t => {
  for (const { id, corefile, files, env, error } of recorded<Case & { readonly error: string }>(
    'malformed.json'
  )) {
    const thrown = thrownBy(CorefileError, () => {
      const parsed = parseCorefile(
        corefile,
        `${FOLDER}/Corefile`,
        options({ Corefile: corefile, ...files }, env)
      )
      for (const block of parsed.blocks) readServerKeys(block.keys, 53)
    })
    t.equal(thrown.message, error, id)
    t.ok(thrown.hint, `${id}: ${placeOf(thrown)} ${thrown.hint ?? 'no hint'}`)
  }
  t.end()
})

t.test('makes the recorded words of what is right', t => {
  interface Good extends Case {
    readonly blocks: readonly {
      keys: readonly string[]
      directives: Readonly<Record<string, readonly (readonly [file: string, line: number, text: string])[]>>
    }[]
    readonly warnings: readonly string[]
  }
  for (const { id, corefile, files, env, blocks, warnings } of recorded<Good>('wellformed.json')) {
    const parsed = parseCorefile(
      corefile,
      `${FOLDER}/Corefile`,
      options({ Corefile: corefile, ...files }, env)
    )
    const found = parsed.blocks.map(block => ({
      keys: block.keys.map(key => key.text),
      directives: Object.fromEntries(
        [...block.directives].map(([name, { words }]) => [
          name,
          words.map(word => [word.at.file, word.at.line, word.text])
        ])
      )
    }))
    t.same(found, blocks, id)
    t.same(parsed.warnings, warnings, id)
  }
  t.end()
})

t.test('the same on real files', t => {
  const folder = t.testdir({
    Corefile: '.:53 {\n  import sub/../*.conf\n  log\n}\nimport custom/*.server\n',
    'a.conf': 'errors\nimport sub/b.conf\n',
    sub: { 'b.conf': 'whoami\n' },
    custom: { 'x.server': 'a.org {\n  import ../a.conf\n}\n', '.y.server': 'b.org {\n}\n' }
  })
  const { blocks } = parseCorefile(systemFiles.read(`${folder}/Corefile`).toString(), 'Corefile', {
    ...options(),
    files: systemFiles,
    folder
  })
  t.same(
    blocks.map(block => [block.keys.map(key => key.text).join(' '), ...block.directives.keys()]),
    [['.:53', 'errors', 'whoami', 'log'], ['b.org'], ['a.org', 'errors', 'whoami']]
  )
  const starts = blocks[2]?.directives.get('whoami')?.starts
  t.same(starts, [{ file: `${folder}/sub/b.conf`, line: 1, column: 1 }])
  t.end()
})

t.test('says where everything stands', t => {
  const files = { 'a.conf': '\n  log x\n' }
  const text = 'a.org, "b.org" {\n\terrors\n  log y\n  import a.conf\n}\n'
  const [block] = parseCorefile(text, 'Corefile', options(files)).blocks
  t.same(
    block?.keys.map(key => [key.text, key.at]),
    [
      ['a.org', { file: 'Corefile', line: 1, column: 1 }],
      ['b.org', { file: 'Corefile', line: 1, column: 8 }]
    ]
  )
  t.same([...(block?.directives.keys() ?? [])], ['errors', 'log'], 'in order of first appearance')
  t.same(block?.directives.get('log')?.starts, [
    { file: 'Corefile', line: 3, column: 3 },
    { file: `${FOLDER}/a.conf`, line: 2, column: 3 }
  ])
  t.end()
})

t.test('errors point at the word, and say what to do', t => {
  const cases: readonly { text: string; files?: Record<string, string>; place: string; hint: string }[] = [
    { text: '.:53 {\n  kuberntes x\n}', place: 'Corefile:2:3', hint: "did you mean 'kubernetes'?" },
    { text: '.:53 {\n  zzzzzz\n}', place: 'Corefile:2:3', hint: 'no plugin has this name' },
    {
      text: '.:53 {\n  log\na.org:53 {\n}\n',
      place: 'Corefile:3:1',
      hint: "this looks like the key of a server block, but the '{' at Corefile:1:6 is still open: is a '}' missing above?"
    },
    {
      text: '.:53 {\n  log\n}\n}\na.org:53 {\n}\n',
      place: 'Corefile:5:1',
      hint: "this looks like the key of a server block, but the '}' at Corefile:4:1 is one too many, and is taken for a key itself"
    },
    {
      text: 'a.org\nlog\nb.org:53 {\n}\n',
      place: 'Corefile:3:1',
      hint: "this looks like the key of a server block, but the block of 'a.org' at Corefile:1:1 has no braces, and goes on to the end of the file"
    },
    { text: '.:53 {\n  log\n', place: 'Corefile:2:3', hint: "the '{' at Corefile:1:6 is never closed" },
    {
      text: '.:53 {\n log {\n  a {\n',
      place: 'Corefile:3:5',
      hint: "the '{' at Corefile:3:5 is never closed"
    },
    { text: '.:53 {\n log }\n', place: 'Corefile:2:6', hint: "put the '}' on a line of its own" },
    {
      text: 'a.org, {\n}\n',
      place: 'Corefile:1:1',
      hint: 'after a comma comes another key: take the comma away, or add the key'
    },
    {
      text: '(s) {\n}\n (s) {\n}\n',
      place: 'Corefile:3:2',
      hint: 'the first one is at Corefile:1:1; give one of them another name'
    },
    {
      text: '(headers) {\n}\n. {\n import header\n}',
      place: 'Corefile:4:9',
      hint: "did you mean the snippet 'headers'?"
    },
    {
      text: '. {\n import x\n}',
      place: 'Corefile:2:9',
      hint: `there is no snippet (x) above this line, and no file ${FOLDER}/x`
    },
    {
      text: '. {\n import c/*\n}',
      files: { 'c/..data/x': '' },
      place: 'Corefile:2:9',
      hint: 'a folder of a ConfigMap volume holds ..data and dated folders too: name an ending, as in custom/*.override'
    },
    {
      text: '. {\n import a.conf\n}',
      files: { 'a.conf': 'log\n  tamplate\n' },
      place: `${FOLDER}/a.conf:2:3`,
      hint: "did you mean 'template'?"
    },
    {
      text: '(s) {\n  log\n  import s\n}\n',
      place: 'Corefile:3:3',
      hint: "'s' imports itself here"
    }
  ]
  for (const { text, files, place, hint } of cases) {
    const error = thrownBy(CorefileError, () => parseCorefile(text, 'Corefile', options(files)))
    t.equal(placeOf(error), place, text)
    t.equal(error.hint, hint, text)
  }
  t.end()
})

t.test('goes on where the rest can be read without guessing', t => {
  const cases: readonly { text: string; errors: readonly string[] }[] = [
    {
      text: '.:53 {\n  erors\n  log\n  kubernets a {\n    pods x\n  }\n  import none.conf\n}\nb.org {\n  nonono\n}\n',
      errors: [
        "Corefile:2 - Error during parsing: Unknown directive 'erors'",
        "Corefile:4 - Error during parsing: Unknown directive 'kubernets'",
        'Corefile:7 - Error during parsing: File to import not found: none.conf',
        "Corefile:10 - Error during parsing: Unknown directive 'nonono'"
      ]
    },
    {
      text: '(a) {\n log\n}\n(a) {\n errors\n}\n. {\n import a b c\n import\n nope\n}\n',
      errors: [
        'Corefile:4 - Error during parsing: redeclaration of previously declared snippet a',
        'Corefile:8 - Error during parsing: Import takes only one argument (glob pattern or file)',
        "Corefile:9 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
        "Corefile:10 - Error during parsing: Unknown directive 'nope'"
      ]
    },
    {
      text: '. {\n nope\na.org:53 {\n log\n nope\n}\n',
      errors: [
        "Corefile:2 - Error during parsing: Unknown directive 'nope'",
        "Corefile:3 - Error during parsing: Unknown directive 'a.org:53'"
      ]
    },
    {
      text: '. {\n nope\n log }\n nope\n}\n',
      errors: [
        "Corefile:2 - Error during parsing: Unknown directive 'nope'",
        "Corefile:3 - Error during parsing: Unexpected '}' because no matching opening brace"
      ]
    },
    {
      text: '(s) {\n import s\n}\n. {\n import x {\n }\n nope\n}\n',
      errors: [
        'Corefile:3 - Error during parsing: maximum snippet import depth (10000) exceeded',
        'Corefile:5 - Error during parsing: Import takes only one argument (glob pattern or file)'
      ]
    }
  ]
  for (const { text, errors } of cases) {
    const all = parseCorefileAll(text, 'Corefile', options())
    t.same(
      all.errors.map(error => error.message),
      errors
    )
    const first = thrownBy(CorefileError, () => parseCorefile(text, 'Corefile', options()))
    t.equal(first.message, errors[0])
  }
  const many = parseCorefileAll(`. {\n${'  nope\n'.repeat(1000)}}\n`, 'Corefile', options())
  t.equal(many.errors.length, 20)
  t.end()
})

t.test('notes words behind a comment', t => {
  const { notes } = parseCorefile('. {\n  log a#b c\n}\n', 'Corefile', options())
  t.match(notes, [{ message: /^'c' is read as a word/, at: { file: 'Corefile', line: 2, column: 11 } }])
  const inFile = parseCorefile('. {\n import a\n}\n', 'Corefile', options({ a: 'log #x y\nerrors x#y z\n' }))
  t.match(inFile.notes, [{ message: /^'z' is read/, at: { file: `${FOLDER}/a`, line: 2, column: 12 } }])
  const many = parseCorefile(`. {\n${'log a#b c\n'.repeat(100)}}\n`, 'Corefile', options())
  t.equal(many.notes.length, 20)
  t.end()
})

t.test('imports without end have one', t => {
  const filler = 'log . {\n class error\n}\n'.repeat(20)
  const cases: readonly { name: string; text: string; files?: Record<string, string>; message: RegExp }[] = [
    {
      name: 'snippets that import each other twice',
      text: '(a) {\n import b\n import b\n}\n(b) {\n import a\n}\n. {\n import a\n}\n',
      message: /snippet import depth \(10000\) exceeded$/
    },
    {
      name: 'a file that imports itself twice',
      text: '. {\n import x\n}\n',
      files: { x: 'import x\nimport x\n' },
      message: /file import depth \(10000\) exceeded$/
    },
    {
      name: 'a large file that imports itself',
      text: '. {\n import x\n}\n',
      files: { x: `${filler}import x\n${filler}` },
      message: /file import depth \(10000\) exceeded$/
    },
    {
      name: 'snippets that double at each level',
      text: `(s0) {\n${filler.repeat(40)}}\n${Array.from({ length: 20 }, (_, n) => `(s${n + 1}) {\n import s${n}\n import s${n}\n}\n`).join('')}. {\n import s20\n}\n`,
      message: /words, imports included$/
    },
    {
      name: 'a wildcard that meets its own file',
      text: 'import *\n',
      files: { Corefile: 'import *\n' },
      message: /file import depth \(10000\) exceeded$/
    }
  ]
  for (const { name, text, files, message } of cases) {
    const started = performance.now()
    const error = thrownBy(CorefileError, () => parseCorefile(text, 'Corefile', options(files)))
    t.match(error.message, message, name)
    t.ok(performance.now() - started < 10_000, `${name}: ${Math.round(performance.now() - started)} ms`)
  }
  t.end()
})

t.test('environment variables without end', t => {
  const error = thrownBy(CorefileError, () =>
    parseCorefile('. {\n log {$A}\n}\n', 'Corefile', options({}, { A: '{$A}' }))
  )
  t.equal(placeOf(error), 'Corefile:2:6')
  t.match(error.message, /environment variables refer to each other without end$/)
  t.end()
})

t.test('standard input: its imports start at the working folder', t => {
  const parsed = parseCorefile('. {\n import a.conf\n}\n', '/dev/stdin', options({ 'a.conf': 'log\n' }))
  t.same([...(parsed.blocks[0]?.directives.keys() ?? [])], ['log'])
  t.end()
})

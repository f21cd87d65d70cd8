import { readFileSync } from 'node:fs'
import t from 'tap'
import { Dispenser, withPluginName } from '../../src/corefile/dispenser.ts'
import { parseCorefile } from '../../src/corefile/parser.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { dispenserOf, fixturePath, FOLDER, options, placeOf } from './support.ts'

interface Recorded {
  readonly before: string
  readonly files: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly texts: Readonly<Record<string, string>>
  readonly cases: readonly { id: string; ops: readonly string[]; results: readonly unknown[] }[]
}

const recordedText = readFileSync(fixturePath('corefile/dispenser.json'), 'utf8').replaceAll('@DIR@', FOLDER)
const recorded = JSON.parse(recordedText) as Recorded

/** What one method gives back. */
function perform(c: Dispenser, op: string): unknown {
  switch (op) {
    case 'next':
      return c.next()
    case 'nextArg':
      return c.nextArg()
    case 'nextLine':
      return c.nextLine()
    case 'nextBlock':
      return c.nextBlock()
    case 'remainingArgs':
      return c.remainingArgs()
    case 'val':
      return c.val()
    case 'argErr':
      return c.argErr().message
    case 'errf':
      return c.errf('x').message
    case 'syntaxErr':
      return c.syntaxErr('y').message
    case 'eofErr':
      return c.eofErr().message
    default:
      throw new Error(op)
  }
}

t.test('moves as recorded', t => {
  for (const { id, ops, results } of recorded.cases) {
    const text = `${recorded.before}${recorded.texts[id] ?? ''}}\n`
    const parsed = parseCorefile(text, `${FOLDER}/Corefile`, options(recorded.files, recorded.env))
    const words = parsed.blocks[0]?.directives.get('log')
    const c = new Dispenser(words!, `${FOLDER}/Corefile`)
    t.same(
      ops.map(op => perform(c, op)),
      results,
      `${id}: ${ops.join(' ')}`
    )
  }
  t.end()
})

t.test('reads a directive as a set-up does', t => {
  const c = dispenserOf(
    'forward . 9.9.9.9 "1.1.1.1" {\n  except a.org b.org\n  force_tcp\n}\nforward x 8.8.8.8\n'
  )
  const seen: unknown[] = []
  while (c.next()) {
    seen.push([c.val(), c.remainingArgs()])
    while (c.nextBlock()) seen.push([c.val(), c.remainingArgs()])
  }
  t.same(seen, [
    ['forward', ['.', '9.9.9.9', '1.1.1.1']],
    ['except', ['a.org', 'b.org']],
    ['force_tcp', []],
    ['forward', ['x', '8.8.8.8']]
  ])
  t.equal(c.name, 'forward')
  t.end()
})

t.test('errors point at the word', t => {
  const c = dispenserOf('cache 30 {\n  succes 10\n}\n')
  t.equal(c.next(), true)
  const [ttl] = c.remainingTokens()
  t.equal(placeOf(c.errf('bad', undefined, ttl)), 'Corefile:1:7')
  c.nextBlock()
  t.equal(placeOf(c.argErr()), 'Corefile:2:3')
  t.same(c.position(), { file: 'Corefile', line: 2, column: 3 })
  t.same(c.token(), { text: 'succes', at: c.position(), source: '', line: 2 })

  const unknown = c.unknownProperty(['success', 'denial'])
  t.equal(unknown.message, "Corefile:2 - Error during parsing: unknown property 'succes'")
  t.equal(unknown.hint, "did you mean 'success'?")
  t.equal(c.unknownProperty(['ttl', 'zone']).hint, 'cache knows ttl, zone')
  t.equal(c.unknownProperty([]).hint, undefined)

  const bare = c.bareErr('no such thing', 'do this')
  t.equal(bare.message, 'no such thing')
  t.equal(bare.hint, 'do this')
  t.equal(placeOf(bare), 'Corefile:2:3')
  t.same(
    [c.argErr().code, c.errf('x').code, c.syntaxErr('x').code, c.onceErr().code],
    ['ARGUMENT_COUNT', 'BAD_VALUE', 'SYNTAX', 'DUPLICATE']
  )
  t.end()
})

t.test('used once: the error is at the second place and names the first', t => {
  const files = { 'user.override': 'cache 10\n' }
  const parsed = parseCorefile('. {\n  import user.override\n  cache 30\n}\n', 'Corefile', options(files))
  const c = new Dispenser(parsed.blocks[0]?.directives.get('cache') as never, 'Corefile')
  c.next()
  c.remainingArgs()
  t.equal(c.next(), true)
  const error = withPluginName(c.onceErr(), 'cache')
  t.ok(error instanceof CorefileError)
  t.equal(error.message, 'plugin/cache: this plugin can only be used once per Server Block')
  t.equal(placeOf(error), 'Corefile:3:3')
  t.equal(error.hint, `'cache' is also at ${FOLDER}/user.override:1:1`)
  t.equal(error.code, 'DUPLICATE')
  t.end()
})

t.test('nothing to read', t => {
  const c = new Dispenser({ name: 'log', words: [], starts: [] }, 'Corefile')
  t.equal(c.next(), false)
  t.equal(c.val(), '')
  t.equal(
    c.argErr().message,
    "Corefile:0 - Error during parsing: Wrong argument count or unexpected line ending after ''"
  )
  t.equal(c.onceErr().hint, undefined)
  t.end()
})

import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  checkCorefile,
  interpretCorefile,
  loadCorefile,
  loadDefaultCorefile,
  readConfigured,
  unwrapped
} from '../../src/corefile/load.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { systemFiles } from '../../src/runtime/files.ts'
import { DIRECTIVES, options, placeOf, rejectionOf, thrownBy } from './support.ts'

const real = (folder: string) => ({
  files: systemFiles,
  environment: {},
  knownDirectives: DIRECTIVES,
  folder
})

t.test('a configuration', async t => {
  const folder = t.testdir({
    Corefile:
      '# main\n.:53 10.0.0.0/23 {\n  log a\n  import custom/*.override\n  import none/*.override\n}\ntls://a_b.org {\n}\n',
    custom: { 'a.override': 'log b\nforward . 9.9.9.9 {\n  max_fails 1\n}\n' }
  })
  const path = join(folder, 'Corefile')
  const configuration = await loadCorefile(path, { ...real(folder), dnsPort: 1053 })
  t.equal(configuration.file, path)
  t.same(configuration.warnings, ['No files matching import glob pattern: none/*.override'])
  t.same(configuration.notes, [])
  t.same(
    configuration.blocks.map(block => block.keys.map(key => `${key.transport}://${key.zone}:${key.port}`)),
    [
      ['dns://.:53', 'dns://0.0.10.in-addr.arpa.:1053', 'dns://1.0.10.in-addr.arpa.:1053'],
      ['tls://a_b.org.:853']
    ]
  )
  const [block] = configuration.blocks
  t.same([...(block?.directives.keys() ?? [])], ['log', 'forward'])
  const log = block?.directives.get('log')
  t.same(log?.starts, [
    { file: path, line: 3, column: 3 },
    { file: join(folder, 'custom/a.override'), line: 1, column: 1 }
  ])
  const first = log!.dispenser()
  const second = log!.dispenser()
  const words: string[] = []
  while (first.next()) words.push(first.val())
  t.same(words, ['log', 'a', 'log', 'b'])
  t.equal(second.next() && second.val(), 'log', 'each dispenser begins at the beginning')
  t.end()
})

t.test('no server blocks: an empty list', t => {
  for (const text of ['', '# nothing\n', '{ }\n', '(s) {\n log\n}\n', 'import none*\n']) {
    t.same(interpretCorefile(text, 'Corefile', options()).blocks, [], text)
  }
  t.end()
})

t.test('files that can not be had', async t => {
  const folder = t.testdir({ sub: {} })
  symlinkSync('loop', join(folder, 'loop'))
  const message = async (path: string) =>
    (await rejectionOf(CorefileError, loadCorefile(path, real(folder)))).message
  const missing = join(folder, 'nothere')
  t.equal(await message(missing), `loading Caddyfile via flag: open ${missing}: no such file or directory`)
  t.equal(await message('nothere'), 'loading Caddyfile via flag: open nothere: no such file or directory')
  t.equal(
    await message('./x/../nothere/'),
    'loading Caddyfile via flag: open nothere: no such file or directory'
  )
  t.equal(await message(folder), `loading Caddyfile via flag: read ${folder}: is a directory`)
  t.equal(await message('loop'), 'loading Caddyfile via flag: open loop: too many levels of symbolic links')
  t.equal(await message('/dev/zero'), 'loading Caddyfile via flag: read /dev/zero: file too large')
  writeFileSync(join(folder, 'large'), `. {\n${'# x\n'.repeat(1_100_000)}}\n`)
  t.match(await message('large'), /^large: a Corefile has at most 4194304 octets$/)
  t.end()
})

t.test('the file of the working folder', async t => {
  const folder = t.testdir({ one: { Corefile: '.:53 {\n  log\n}\n' }, two: {}, three: { Corefile: {} } })
  const configuration = await loadDefaultCorefile(real(join(folder, 'one')))
  t.equal(configuration.file, 'Corefile')
  t.equal(configuration.blocks.length, 1)
  t.same(configuration.blocks[0]?.directives.get('log')?.starts, [{ file: 'Corefile', line: 2, column: 3 }])
  t.same((await loadDefaultCorefile(real(join(folder, 'two')))).blocks, [])
  const error = await rejectionOf(CorefileError, loadDefaultCorefile(real(join(folder, 'three'))))
  t.equal(error.message, 'read Corefile: is a directory')
  t.end()
})

t.test('standard input', async t => {
  const files = { ...options({ 'x.conf': 'nope\n' }).files }
  const read = files.read.bind(files)
  files.read = path => (path === '/dev/stdin' ? Buffer.from('. {\n  import x.conf\n}\n') : read(path))
  t.same(readConfigured('stdin', { ...options(), files }), {
    text: '. {\n  import x.conf\n}\n',
    file: '/dev/stdin'
  })
  const error = await rejectionOf(CorefileError, loadCorefile('stdin', { ...options(), files }))
  t.equal(error.message, "/etc/coredns/x.conf:1 - Error during parsing: Unknown directive 'nope'")
  t.end()
})

t.test('a ConfigMap manifest', async t => {
  const manifest = (corefile: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  Corefile: |\n${corefile.replace(/^(?=.)/gm, '    ')}`
  const files = {
    'cm.yaml': manifest('.:53 {\n  import custom/*.override\n}\na..b {\n}\n'),
    'good.yaml': manifest('.:53 {\n  import custom/*.override\n}\n'),
    'custom/a.override': 'log\n'
  }
  const good = await loadCorefile('good.yaml', options(files))
  t.same([...(good.blocks[0]?.directives.keys() ?? [])], ['log'], 'imports start at its folder')
  t.same(good.blocks[0]?.keys[0]?.token.at, { file: 'good.yaml', line: 7, column: 5 })
  const error = await rejectionOf(CorefileError, loadCorefile('cm.yaml', options(files)))
  t.equal(error.message, 'error inspecting server blocks: zone is not a valid domain name: a..b')
  t.equal(placeOf(error), 'cm.yaml:10:5')
  t.end()
})

t.test('checking: all errors, the words of the parser before those of keys', async t => {
  const { errors, notes, blocks } = checkCorefile(
    'a..b c..d {\n  nope\n}\ne..f {\n  nope\n}\nfoo://x {\n}\n}\n',
    'Corefile',
    options()
  )
  t.same(
    errors.map(error => `${placeOf(error)} ${error.message}`),
    [
      "Corefile:2:3 Corefile:2 - Error during parsing: Unknown directive 'nope'",
      "Corefile:5:3 Corefile:5 - Error during parsing: Unknown directive 'nope'",
      'Corefile:1:1 error inspecting server blocks: zone is not a valid domain name: a..b',
      'Corefile:1:6 error inspecting server blocks: zone is not a valid domain name: c..d',
      'Corefile:4:1 error inspecting server blocks: zone is not a valid domain name: e..f'
    ]
  )
  t.match(notes, [
    { message: /there is no scheme foo/ },
    { message: "'}' is taken for the zone }.: is a '}' too many?", at: { line: 9, column: 1 } }
  ])
  t.equal(blocks.length, 4)
  t.same(checkCorefile('. {\n}\n', 'Corefile', options()).errors, [])
  const noCorefile = await rejectionOf(CorefileError, unwrapped('{"kind": "Pod"}', 'x.json'))
  t.match(noCorefile.message, /no ConfigMap with data.Corefile/)
  t.end()
})

t.test('bounds', t => {
  const keys = checkCorefile(`${'10.0.0.0/9 '.repeat(1000)}{\n}\n`, 'Corefile', options())
  t.match(keys.errors, [{ message: /more than 100000 zones$/ }])
  const folder = t.testdir({})
  mkdirSync(join(folder, 'c'))
  for (let n = 0; n < 20; n++) writeFileSync(join(folder, 'c', `${n}.conf`), '#'.repeat(4 * 1024 * 1024))
  const error = thrownBy(CorefileError, () =>
    interpretCorefile('. {\n import c/*\n}\n', 'Corefile', real(folder))
  )
  t.match(
    error.message,
    /^Corefile:2 - Error during parsing: Could not import .*\.conf: read .*: file too large$/
  )
  t.end()
})

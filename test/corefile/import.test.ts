import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Imports } from '../../src/corefile/import.ts'
import { systemFiles, type Files } from '../../src/runtime/files.ts'
import { filesOf, FOLDER, wordsOf } from './support.ts'

const [word] = wordsOf('x')
const find = (imports: Imports, pattern: string): string => {
  const found = imports.find(pattern, word!)
  return (
    found.error ?? found.words.map(each => `${each.source.split('/').pop() ?? ''}:${each.text}`).join(' ')
  )
}

t.test('patterns, against files', t => {
  const files = filesOf({
    'a.conf': 'A',
    'b.conf': 'B',
    'ab.conf': 'AB',
    '.c.conf': 'C',
    'a*.conf': 'star',
    'sub1/a.conf': '1',
    'sub2/a.conf': '2',
    'sub2/b.conf': '2b',
    'é.conf': 'é',
    '\u{1f600}.conf': 'smile',
    'a.b+(c)$': 'odd'
  })
  const cases: readonly (readonly [pattern: string, found: string])[] = [
    ['a.conf', 'a.conf:A'],
    ['./a.conf', 'a.conf:A'],
    ['sub1/../a.conf', 'a.conf:A'],
    [`${FOLDER}/a.conf`, 'a.conf:A'],
    ['*.conf', '.c.conf:C a*.conf:star a.conf:A ab.conf:AB b.conf:B é.conf:é \u{1f600}.conf:smile'],
    ['?.conf', 'a.conf:A b.conf:B é.conf:é \u{1f600}.conf:smile'],
    ['a*', 'a*.conf:star a.b+(c)$:odd a.conf:A ab.conf:AB'],
    ['a?.conf', 'a*.conf:star ab.conf:AB'],
    ['a\\*.conf', 'a*.conf:star'],
    ['\\a.conf', 'a.conf:A'],
    ['sub?/*.conf', 'a.conf:1 a.conf:2 b.conf:2b'],
    ['sub*/b.conf', 'b.conf:2b'],
    ['sub1*/../b.conf', 'b.conf:B'],
    ['a.b+(c)*', 'a.b+(c)$:odd'],
    ['none*/x.conf', ''],
    ['a.conf/*', ''],
    ['x]', ''],
    ['A.conf', 'File to import not found: A.conf'],
    ['a', 'File to import not found: a'],
    ['sub1', `Could not import ${FOLDER}/sub1: is a directory`],
    ['**.conf', `Glob pattern may only contain one wildcard (*), but has others: ${FOLDER}/**.conf`],
    ['a[', 'Failed to use import pattern a[: syntax error in pattern'],
    ['[/a*', 'Failed to use import pattern [/a*: syntax error in pattern'],
    ['a\\', 'Failed to use import pattern a\\: syntax error in pattern']
  ]
  for (const [pattern, found] of cases)
    t.equal(find(new Imports(files, FOLDER, () => undefined), pattern), found, pattern)
  t.end()
})

t.test('reads each file once', t => {
  const files = filesOf({ 'a.conf': 'A', 'b.conf': 'B' })
  const read: string[] = []
  const counting: Files = {
    ...files,
    read(path, octetsMax) {
      read.push(path)
      return files.read(path, octetsMax)
    }
  }
  const imports = new Imports(counting, FOLDER, () => undefined)
  for (const pattern of ['a.conf', '*.conf', 'a.conf', './a.conf', '*.conf']) find(imports, pattern)
  t.same(read, [`${FOLDER}/a.conf`, `${FOLDER}/b.conf`])
  t.end()
})

t.test('messages name the pattern as it was written', t => {
  const imports = new Imports(filesOf({}), FOLDER, () => undefined)
  for (const pattern of ['a*', './a*', `${FOLDER}/a*`]) {
    t.match(imports.find(pattern, word!), { warning: `No files matching import glob pattern: ${pattern}` })
  }
  t.end()
})

t.test('a snippet comes before a file, and both are counted', t => {
  const imports = new Imports(filesOf({ s: 'file', f: 'F' }), FOLDER, () => undefined)
  t.equal(find(imports, 's'), 's:file')
  imports.defineSnippet('s', wordsOf('snippet'))
  for (let n = 0; n < 10_000; n++) imports.find('s', word!)
  t.equal(find(imports, 's'), 'maximum snippet import depth (10000) exceeded')
  for (let n = 0; n < 100_000 - 1; n++) imports.find('f', word!)
  t.equal(find(imports, 'f'), 'maximum file import depth (10000) exceeded')
  t.end()
})

t.test('links, and what may not be read', t => {
  const folder = t.testdir({ real: { 'a.conf': 'A' } })
  symlinkSync('real', join(folder, 'linked'))
  symlinkSync('nowhere', join(folder, 'dangling.conf'))
  mkdirSync(join(folder, 'data'))
  // As kubelet lays a ConfigMap volume out.
  mkdirSync(join(folder, 'volume/..2026'), { recursive: true })
  writeFileSync(join(folder, 'volume/..2026/a.override'), 'V')
  symlinkSync('..2026', join(folder, 'volume/..data'))
  symlinkSync('..data/a.override', join(folder, 'volume/a.override'))
  const imports = (): Imports => new Imports(systemFiles, folder, () => undefined)
  t.equal(find(imports(), 'linked/*.conf'), 'a.conf:A')
  t.equal(find(imports(), 'volume/*.override'), 'a.override:V')
  t.equal(find(imports(), 'volume/*'), `Could not import ${folder}/volume/..2026: is a directory`)
  const missing = `${folder}/dangling.conf`
  t.equal(
    find(imports(), 'dangling.conf'),
    `Could not import ${missing}: open ${missing}: no such file or directory`
  )
  t.equal(
    find(imports(), '*.conf'),
    `Could not import ${missing}: open ${missing}: no such file or directory`
  )
  t.end()
})

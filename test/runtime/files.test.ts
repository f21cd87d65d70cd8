import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fileErrorText, systemFiles } from '../../src/runtime/files.ts'

const thrown = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

t.test('reads whole files', t => {
  const folder = t.testdir({ empty: '', text: 'a\nb\n' })
  const large = Buffer.alloc(200_001, 'x')
  writeFileSync(join(folder, 'large'), large)
  t.equal(systemFiles.read(join(folder, 'text')).toString(), 'a\nb\n')
  t.equal(systemFiles.read(join(folder, 'empty')).length, 0)
  t.ok(systemFiles.read(join(folder, 'large')).equals(large))
  t.match(systemFiles.read('/proc/self/status').toString(), /^Name:/, 'a file whose size says 0')
  t.end()
})

t.test('says when a file was changed, and how large it is', t => {
  const folder = t.testdir({ text: 'a\nb\n' })
  const path = join(folder, 'text')
  utimesSync(path, 1000, 1234.5)
  t.same(systemFiles.stat(path), { modifiedMs: 1_234_500, octets: 4 })
  symlinkSync('text', join(folder, 'link'))
  t.same(systemFiles.stat(join(folder, 'link')), { modifiedMs: 1_234_500, octets: 4 }, 'links are followed')
  t.throws(() => systemFiles.stat(join(folder, 'none')), { code: 'ENOENT', syscall: 'stat' })
  t.end()
})

t.test('reads no more than it is told to', t => {
  const folder = t.testdir({ text: '12345' })
  t.equal(systemFiles.read(join(folder, 'text'), 5).toString(), '12345')
  t.match(
    thrown(() => systemFiles.read(join(folder, 'text'), 4)),
    { code: 'EFBIG' }
  )
  t.match(
    thrown(() => systemFiles.read('/dev/zero', 100_000)),
    { code: 'EFBIG' }
  )
  t.end()
})

t.test('reads standard input, also when it is the socket that a Node parent gives', t => {
  const program = `import(${JSON.stringify(new URL('../../src/runtime/files.js', import.meta.url).href)})
    .then(({ systemFiles }) => process.stdout.write(systemFiles.read('/dev/stdin').toString().toUpperCase()))`
  t.equal(
    execFileSync(process.execPath, ['-e', program], { input: 'from stdin', encoding: 'utf8' }),
    'FROM STDIN'
  )
  t.end()
})

t.test('lists names in code-point order', t => {
  const folder = t.testdir({
    b: '',
    a: '',
    B: '',
    '.hidden': '',
    é: '',
    '\u{1f600}': '',
    '\uff41': '',
    sub: {}
  })
  t.same(systemFiles.list(folder), ['.hidden', 'B', 'a', 'b', 'sub', 'é', '\uff41', '\u{1f600}'])
  t.match(
    thrown(() => systemFiles.list(join(folder, 'nothere'))),
    { code: 'ENOENT' }
  )
  t.end()
})

t.test('says what is there', t => {
  const folder = t.testdir({ file: '', sub: {} })
  symlinkSync('file', join(folder, 'link'))
  symlinkSync('sub', join(folder, 'folder-link'))
  symlinkSync('nothere', join(folder, 'dangling'))
  t.equal(systemFiles.kind(join(folder, 'file')), 'file')
  t.equal(systemFiles.kind(join(folder, 'link')), 'file')
  t.equal(systemFiles.kind(join(folder, 'sub')), 'directory')
  t.equal(systemFiles.kind(join(folder, 'folder-link')), 'directory')
  t.equal(systemFiles.kind(join(folder, 'dangling')), undefined)
  t.equal(systemFiles.kind(join(folder, 'file', 'below')), undefined)
  t.equal(systemFiles.kind('a\0b'), undefined)
  t.equal(systemFiles.kind('/dev/null'), 'file')
  t.end()
})

t.test('words errors as CoreDNS does', t => {
  const folder = t.testdir({ file: '', sub: {} })
  const textOf = (path: string) =>
    fileErrorText(
      thrown(() => systemFiles.read(path)),
      path
    )
  const missing = join(folder, 'nothere')
  t.equal(textOf(missing), `open ${missing}: no such file or directory`)
  t.equal(textOf(folder), `read ${folder}: is a directory`)
  t.equal(textOf(join(folder, 'file', 'x')), `open ${join(folder, 'file', 'x')}: not a directory`)
  t.equal(textOf('a\0b'), 'open a\0b: invalid argument')
  t.equal(fileErrorText(new Error('odd'), '/x'), 'open /x: odd')
  t.equal(fileErrorText(Object.assign(new Error('e'), { code: 'EWEIRD' }), '/x'), 'open /x: EWEIRD')
  t.end()
})

t.test(
  'a file that may not be read',
  { skip: process.getuid?.() === 0 ? 'root may read everything' : false },
  t => {
    const folder = t.testdir({ secret: 'x' })
    mkdirSync(join(folder, 'sub'))
    chmodSync(join(folder, 'secret'), 0)
    const path = join(folder, 'secret')
    t.equal(
      fileErrorText(
        thrown(() => systemFiles.read(path)),
        path
      ),
      `open ${path}: permission denied`
    )
    t.end()
  }
)

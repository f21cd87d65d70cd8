import { join, resolve } from 'node:path'
import t from 'tap'
import { expand, mayBelong, readInput, reasonOf } from '../../../src/cluster/manifests/inputs.ts'
import type { Files } from '../../../src/runtime/files.ts'

/** Files in memory: names end in a slash for folders that are empty, `!` for folders that can't be read. */
function filesOf(paths: readonly string[]): Files {
  const all = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/')
    for (let depth = 1; depth < parts.length; depth++) all.add(`${parts.slice(0, depth).join('/')}/`)
    if (!path.endsWith('/')) all.add(path)
  }
  const clean = (path: string) => path.replace(/\/$/, '')
  return {
    read: () => Buffer.alloc(0),
    stat: () => ({ modifiedMs: 0, octets: 0 }),
    kind: path =>
      all.has(`${clean(path)}/`) || path === '.' ? 'directory' : all.has(path) ? 'file' : undefined,
    list(path) {
      const prefix = path === '.' ? '' : `${clean(path)}/`
      if (path.endsWith('!')) throw Object.assign(new Error('no'), { code: 'EACCES' })
      if (prefix !== '' && !all.has(prefix)) throw Object.assign(new Error('no'), { code: 'ENOENT' })
      const names = [...all].filter(each => each.startsWith(prefix) && each !== prefix)
      return [...new Set(names.map(each => each.slice(prefix.length).split('/')[0] ?? ''))].sort()
    }
  }
}

const tree = [
  'k8s/a.yaml',
  'k8s/b.yml',
  'k8s/c.json',
  'k8s/README.md',
  'k8s/.hidden.yaml',
  'k8s/.git/x.yaml',
  'k8s/shop/web.yaml',
  'k8s/shop/deep/db.yaml',
  'k8s/empty/',
  'k8s/named.yaml/inner.yaml',
  'other/z.txt'
]

const whole = [
  'k8s/a.yaml',
  'k8s/b.yml',
  'k8s/c.json',
  'k8s/named.yaml/inner.yaml',
  'k8s/shop/deep/db.yaml',
  'k8s/shop/web.yaml'
]

const cases: readonly (readonly [given: string, files: readonly string[], failures?: readonly string[]])[] = [
  ['k8s', whole],
  ['k8s/', whole],
  ['k8s/empty', []],
  ['other/z.txt', ['other/z.txt']],
  ['k8s/.hidden.yaml', ['k8s/.hidden.yaml']],
  ['k8s/*.yaml', ['k8s/a.yaml', 'k8s/named.yaml/inner.yaml']],
  ['k8s/*.{yml,json}', ['k8s/b.yml', 'k8s/c.json']],
  ['*/shop/*', ['k8s/shop/deep/db.yaml', 'k8s/shop/web.yaml']],
  ['**/*.yaml', ['k8s/a.yaml', 'k8s/named.yaml/inner.yaml', 'k8s/shop/deep/db.yaml', 'k8s/shop/web.yaml']],
  ['k8s/*.none', []],
  ['none', [], ['none: no such file or folder']],
  ['none/', [], ['none/: no such file or folder']],
  ['none/*.yaml', [], ['none: no such file or folder']]
]
for (const [given, files, failures = []] of cases) {
  t.test(`what ${given} means`, async t => {
    const disk = filesOf(tree)
    const expansion = expand(readInput(given, disk), disk)
    t.strictSame([...expansion.files.values()].sort(), files)
    t.strictSame(expansion.failures, failures)
    for (const [path, shown] of expansion.files) t.equal(path, resolve(shown), 'absolute')
  })
}

t.test('a folder that may not be looked into', async t => {
  const disk = filesOf(['k8s/a.yaml', 'k8s/secret!/b.yaml'])
  const expansion = expand(readInput('k8s', disk), disk)
  t.strictSame([...expansion.files.values()], ['k8s/a.yaml'])
  t.strictSame(expansion.failures, ['k8s/secret!: permission denied'])
})

t.test('a link that leads back up ends', async t => {
  const loop: Files = {
    read: () => Buffer.alloc(0),
    stat: () => ({ modifiedMs: 0, octets: 0 }),
    list: () => ['a.yaml', 'back', 'again'],
    kind: path => (path.endsWith('.yaml') ? 'file' : 'directory')
  }
  const expansion = expand({ kind: 'folder', option: 'manifests', given: 'k', base: 'k', parts: [] }, loop)
  t.ok(expansion.folders.size <= 20_000, `${expansion.folders.size} folders`)
  t.ok(expansion.files.size <= 20_000, `${expansion.files.size} files`)
})

t.test('which new paths may belong to an input', async t => {
  const disk = filesOf(tree)
  const belongs = (given: string, path: string) =>
    mayBelong(readInput(given, disk), join(process.cwd(), path))
  t.ok(belongs('k8s', 'k8s/new.yaml'))
  t.ok(belongs('k8s', 'k8s/new/deep/x.yaml'))
  t.notOk(belongs('k8s', 'k8s/.git/x.yaml'))
  t.notOk(belongs('k8s', 'k8sx/new.yaml'))
  t.notOk(belongs('k8s', 'new.yaml'))
  t.ok(belongs('other/z.txt', 'other/z.txt'))
  t.notOk(belongs('other/z.txt', 'other/y.txt'))
  t.ok(belongs('k8s/*.yaml', 'k8s/new.yaml'))
  t.notOk(belongs('k8s/*.yaml', 'k8s/new.txt'))
  t.ok(belongs('k8s/*', 'k8s/new/deep.yaml'), 'in a folder that matches')
  t.ok(belongs('k8s/*/*.yaml', 'k8s/new'), 'a folder on the way')
  t.ok(belongs('k8s/**/x.yaml', 'k8s/a/b/c/x.yaml'))
  t.notOk(belongs('-', '-'))
})

t.equal(reasonOf(Object.assign(new Error('x'), { code: 'EACCES' })), 'permission denied')
t.equal(reasonOf(new Error('odd')), 'odd')
t.equal(reasonOf('odd'), 'odd')

// The repository tests itself: what the documents say about the code is true, and the house rules hold.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'

const root = new URL('../../', import.meta.url).pathname
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const walk = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? walk(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
  )
const sources = walk('src').filter(file => file.endsWith('.ts'))
const tests = walk('test').filter(file => file.endsWith('.ts'))

t.test('every file and function that architecture.md names exists', t => {
  const steps = [...read('docs/architecture.md').matchAll(/`(src\/[\w/.-]+\.ts)`(?: `(\w+)`)?/g)]
  t.ok(steps.length >= 20, 'the steps are found')
  for (const [, file = '', name] of steps) {
    t.ok(existsSync(path.join(root, file)), `${file} exists`)
    if (name !== undefined && existsSync(path.join(root, file))) {
      t.match(
        read(file),
        new RegExp(`(function\\*?|class|const|get)? ?\\b${name}\\b ?[(<={ ]`),
        `${file} has ${name}`
      )
    }
  }
  t.end()
})

t.test('every file that a document links to exists', t => {
  for (const file of ['README.md', 'CONTRIBUTING.md', ...walk('docs').filter(name => name.endsWith('.md'))]) {
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      t.ok(existsSync(path.join(root, path.dirname(file), target)), `${file} links to ${target}`)
    }
  }
  t.end()
})

t.test('every plugin folder has its manual with the sections people expect, its set-up and tests', t => {
  for (const name of readdirSync(path.join(root, 'src/plugins'), { withFileTypes: true })) {
    if (!name.isDirectory()) continue
    const folder = `src/plugins/${name.name}`
    t.ok(existsSync(path.join(root, folder, 'README.md')), `${folder}/README.md`)
    const manual = existsSync(path.join(root, folder, 'README.md')) ? read(`${folder}/README.md`) : ''
    t.match(manual, new RegExp(`^# ${name.name}\\n`), `${folder}/README.md is titled ${name.name}`)
    for (const section of ['Description', 'Syntax', 'Examples']) {
      t.match(manual, new RegExp(`^## ${section}$`, 'm'), `${folder}/README.md has ${section}`)
    }
    t.ok(existsSync(path.join(root, folder, 'setup.ts')), `${folder}/setup.ts`)
    t.ok(existsSync(path.join(root, 'test/plugins', name.name)), `test/plugins/${name.name}`)
  }
  t.end()
})

t.test('sources keep to the house rules', t => {
  for (const file of sources) {
    const text = read(file)
    t.match(text, /^(#!.*\n)?\/\//, `${file} begins by saying what it is for`)
    t.ok(text.split('\n').length <= 600, `${file} is short enough to read in one go`)
    t.notMatch(text, /^let /m, `${file} has no state of its own`)
    t.notMatch(text, /\bTODO\b|\bFIXME\b|\bXXX\b/, `${file} leaves nothing for later without an issue`)
  }
  t.end()
})

t.test('tests are neither focused nor skipped', t => {
  for (const file of tests)
    t.notMatch(read(file), /\bt\.(only|skip|todo)\(|[{,]\s*(skip|todo|only): true/, file)
  t.end()
})

t.test('no path or host of one machine stands in a tracked file', t => {
  let files: string[] = []
  try {
    files = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  } catch {
    t.comment('not a git checkout: nothing to look at')
  }
  for (const file of files) {
    if (!existsSync(path.join(root, file))) continue
    t.notMatch(
      readFileSync(path.join(root, file), 'latin1'),
      new RegExp(['registry.npm', 'js|proxy.go', 'lang'].join('')),
      file
    )
  }
  t.end()
})

// `labdns check`: what it prints of a configuration that is right, and of one that isn't.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// As compiled: build/test/cli.
const program = fileURLToPath(new URL('../../src/cli/labdns.js', import.meta.url))
const root = fileURLToPath(new URL('../../../', import.meta.url))

function check(folder: string, words: readonly string[], input = '') {
  return spawnSync(process.execPath, [program, 'check', ...words], { cwd: folder, input, encoding: 'utf8' })
}

t.test('blocks with the place of every line, imports and snippets included', async t => {
  const folder = t.testdir({
    Corefile: [
      '(common) {',
      '    errors',
      '    cache 30 {',
      '        denial 100',
      '    }',
      '}',
      '.:1053 example.org:1054 {',
      '    import common',
      '    import more/*.conf',
      '    health :0',
      '}',
      'a.org {',
      '}',
      ''
    ].join('\n'),
    more: { 'log.conf': 'log . "{name} # \\"{rcode}\\""\nforward . 192.0.2.1\n' }
  })
  const { status, stdout, stderr } = check(folder, [])
  t.equal(status, 0, stderr)
  t.equal(stderr, '')
  t.equal(
    stdout,
    [
      '.:1053 example.org.:1054 {        # Corefile:7',
      '    health :0                     # Corefile:10',
      '    errors                        # Corefile:2',
      '    log . "{name} # \\"{rcode}\\""  # more/log.conf:1',
      '    cache 30 {                    # Corefile:3',
      '        denial 100                # Corefile:4',
      '    }',
      '    forward . 192.0.2.1           # more/log.conf:2',
      '}',
      '# a query passes: errors > log > cache > forward',
      '# beside that: health',
      '',
      'a.org.:53 {  # Corefile:12',
      '}',
      '# a query passes: nothing, and is refused',
      ''
    ].join('\n')
  )
})

t.test('what it prints is a Corefile that it prints the same of', async t => {
  const first = check(root, ['config/Corefile'])
  t.equal(first.status, 0, first.stderr)
  t.match(first.stdout, /^\.:1053 \{ +# config\/Corefile:2\n/)
  t.match(first.stdout, /^ {4}kubernetes .* # config\/Corefile:8$/m)
  const second = check(root, ['stdin'], first.stdout)
  t.equal(second.status, 0, second.stderr)
  const withoutPlaces = (text: string) => text.replace(/ +# \S+:\d+$/gm, '')
  t.equal(withoutPlaces(second.stdout), withoutPlaces(first.stdout))
})

t.test('every mistake at once, the one that CoreDNS ends with first', async t => {
  const text = [
    '.:1053 {',
    '    forward',
    '    errors x y',
    '    kubernets',
    '}',
    'example.org:1053 {',
    '    hosts {',
    '        ttl x',
    '    }',
    '    log . {',
    '        class foo',
    '    }',
    '    errors stdout {',
    '        foo',
    '    }',
    '}',
    ''
  ].join('\n')
  const folder = t.testdir({ broken: text, known: text.replace('    kubernets\n', '') })
  const marks = (stderr: string) =>
    stderr.split('\n').flatMap(line => /^ {4}\| (\S+:\d+:\d+)$/.exec(line)?.[1] ?? [])
  const all = check(folder, ['broken'])
  t.equal(all.status, 1)
  t.equal(all.stdout, '')
  t.equal(all.stderr.split('\n')[0], "broken:4 - Error during parsing: Unknown directive 'kubernets'")
  t.same(marks(all.stderr), [
    'broken:4:5',
    'broken:3:14',
    'broken:14:9',
    'broken:11:15',
    'broken:8:13',
    'broken:2:5'
  ])
  const known = check(folder, ['known'])
  t.match(
    known.stderr.split('\n')[0],
    /^plugin\/errors: known:3 - Error during parsing: Wrong argument count/
  )
  t.same(marks(known.stderr), ['known:3:14', 'known:13:9', 'known:10:15', 'known:7:13', 'known:2:5'])
  const piped = check(folder, ['stdin'], text)
  t.same(
    marks(piped.stderr),
    marks(all.stderr).map(place => place.replace('broken', '/dev/stdin')),
    'standard input too'
  )
  t.match(piped.stderr, /^ {4}\| {7}kubernets$/m, 'its lines are shown')
})

t.test('mistakes that only the whole shows, and files that are not there', async t => {
  const folder = t.testdir({
    twice: '.:1053 {\n    whoami\n}\n.:1053 {\n    whoami\n}\n',
    far: '.:99999 {\n    whoami\n}\n',
    open: '.:1053 {\n    whoami\n'
  })
  const first = (file: string) => {
    const { status, stderr } = check(folder, [file])
    t.equal(status, 1, file)
    return stderr.split('\n')[0]
  }
  t.match(first('twice'), /^cannot serve dns:\/\/\.:1053 - it is already defined$/)
  t.match(first('far'), /^address 99999: invalid port$/)
  t.match(first('open'), /^open:2 - Syntax error: Unexpected token 'whoami', expecting '}'$/)
  t.match(first('none'), /no such file or directory/)
  t.match(check(join(folder, '..'), [folder]).stderr.split('\n')[0], /directory/)
})

t.test('an object that stands in a YAML file has places there', async t => {
  const folder = t.testdir({
    'cm.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  Corefile: |\n    .:1053 {\n        whoami x\n        errors a b\n    }\n'
  })
  const { status, stderr } = check(folder, ['cm.yaml'])
  t.equal(status, 1)
  t.match(stderr, /^ {4}\| cm\.yaml:9:18$/m)
  t.match(stderr, /^ {4}\| cm\.yaml:8:\d+$/m)
})

t.test('what set-up warns of stands behind what it is refused for, and never in the text', async t => {
  const folder = t.testdir({
    a: '. {\n    hosts no-such-file\n}\n',
    b: '. {\n    hosts no-such-file\n    whoami x\n}\n'
  })
  const right = check(folder, ['a'])
  t.equal(right.status, 0)
  t.match(right.stderr, /^\[WARNING\] plugin\/hosts: File does not exist: no-such-file$/m)
  t.notMatch(right.stdout, 'WARNING')
  const wrong = check(folder, ['b'])
  t.match(wrong.stderr, /^plugin\/whoami: .*\n[^]*\[WARNING\] plugin\/hosts/)
})

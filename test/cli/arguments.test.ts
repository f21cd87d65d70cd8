// The command line: CoreDNS's own flags with one dash, ours with two, and what is said about mistakes.
import t from 'tap'
import { readArguments } from '../../src/cli/arguments.ts'

const serve = (words: string) => {
  const found = readArguments(words === '' ? [] : words.split(' '))
  if (found.command !== 'serve') throw new Error(`${words}: ${JSON.stringify(found)}`)
  return found
}

t.test('serve takes CoreDNS flags on the bare command and behind its name', t => {
  for (const prefix of ['', 'serve ']) {
    t.equal(serve(`${prefix}-conf /etc/coredns/Corefile`).arguments.conf, '/etc/coredns/Corefile')
    t.equal(serve(`${prefix}-conf=/etc/coredns/Corefile`).arguments.conf, '/etc/coredns/Corefile')
    t.equal(serve(`${prefix}--conf Corefile`).arguments.conf, 'Corefile')
    t.equal(serve(`${prefix}-dns.port 1053`).arguments.port, '1053')
    t.equal(serve(`${prefix}-dns.port -1`).arguments.port, '-1')
    t.equal(serve(`${prefix}-p 1053`).arguments.port, '1053')
    t.equal(serve(`${prefix}-p=1053`).arguments.port, '1053')
    t.equal(serve(`${prefix}-pidfile /run/x`).arguments.pidfile, '/run/x')
    t.equal(serve(`${prefix}-quiet`).arguments.quiet, true)
  }
  t.equal(serve('').isBare, true)
  t.equal(serve('serve').isBare, false)
  t.equal(serve('serve').arguments.port, '53')
  t.end()
})

t.test('serve takes our options', t => {
  const { arguments: found } = serve(
    'serve --manifests a --manifests b/*.yaml --listen 127.0.0.1:0 --http-base 0 --ready-file r.json'
  )
  t.same(found.manifests, ['a', 'b/*.yaml'])
  t.equal(found.listen, '127.0.0.1:0')
  t.equal(found.httpBase, '0')
  t.equal(found.readyFile, 'r.json')
  t.equal(serve('serve --manifests -').arguments.manifests[0], '-', 'standard input')
  t.end()
})

t.test('version and plugins end before anything is opened', t => {
  t.equal(readArguments(['-version']).command, 'version')
  t.equal(readArguments(['serve', '-version']).command, 'version')
  t.equal(readArguments(['-plugins']).command, 'plugins')
  t.end()
})

t.test('check takes the file as a word', t => {
  t.match(readArguments(['check', 'Corefile.prod']), {
    command: 'check',
    arguments: { conf: 'Corefile.prod' }
  })
  t.match(readArguments(['check']), { command: 'check', arguments: { conf: undefined } })
  t.end()
})

const mistakes: [words: string, code: number, firstLine: RegExp][] = [
  ['-foo', 2, /^flag provided but not defined: -foo$/],
  ['--foo', 2, /^flag provided but not defined: -foo$/],
  ['serve -foo=1', 2, /^flag provided but not defined: -foo$/],
  ['-conf', 2, /^flag needs an argument: -conf$/],
  ['-pidfile', 2, /^flag needs an argument: -pidfile$/],
  ['serve x y', 1, /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d extra command line arguments: \[x y\]$/]
]
t.test('mistakes are said as CoreDNS says them', t => {
  for (const [words, code, firstLine] of mistakes) {
    const found = readArguments(words.split(' '))
    if (found.command !== 'exit') {
      t.fail(`${words}: ${found.command}`)
      continue
    }
    t.equal(found.code, code, words)
    t.match(found.stderr.split('\n')[0], firstLine, words)
  }
  t.end()
})

t.test('help names every command and goes to standard output', t => {
  for (const words of [['-help'], ['--help'], ['serve', '--help'], ['-h']]) {
    const found = readArguments(words)
    t.match(found, { command: 'exit', code: 0, stderr: '' }, words.join(' '))
  }
  t.match(readArguments(['--help']), { stdout: /serve[\s\S]*check/ })
  t.end()
})

t.test('--log-format: text unless json is asked for, with one dash too', async t => {
  t.match(readArguments([]), { command: 'serve', arguments: { logFormat: 'text' } })
  for (const words of [['serve', '--log-format', 'json'], ['-log-format=json'], ['-log-format', 'json']]) {
    t.match(readArguments(words), { command: 'serve', arguments: { logFormat: 'json' } }, words.join(' '))
  }
  t.match(readArguments(['--log-format', 'xml']), { command: 'exit', code: 2, stderr: /text, json/ })
})

import t from 'tap'
import { explainListenError, ListenError, type ListenAttempt } from '../../src/server/listen-error.ts'
import type { PortHolder } from '../../src/server/port-holder.ts'

const systemError = (code: string, syscall = 'listen') =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

const attempt = (changes: Partial<ListenAttempt> = {}): ListenAttempt => ({
  address: '',
  port: 53,
  words: ['serve', '-conf', 'Corefile'],
  ...changes
})

const INSTEAD = '    | try another one: labdns serve -conf Corefile --listen 127.0.0.1:1053'

const cases: readonly {
  readonly name: string
  readonly error: Error
  readonly attempt?: Partial<ListenAttempt>
  readonly holder?: PortHolder
  readonly lines: readonly string[]
}[] = [
  {
    name: 'taken, nobody knows by whom',
    error: systemError('EADDRINUSE'),
    lines: [
      'Listen: listen tcp :53: bind: address already in use',
      '    | another server holds port 53; as root, `ss -lptun` tells which',
      INSTEAD
    ]
  },
  {
    name: 'taken on UDP, by a program we can name',
    error: systemError('EADDRINUSE', 'bind'),
    attempt: { address: '127.0.0.1' },
    holder: { pid: 17, name: 'dnsmasq' },
    lines: [
      'Listen: listen udp 127.0.0.1:53: bind: address already in use',
      '    | port 53 is held by dnsmasq (process 17)',
      INSTEAD
    ]
  },
  {
    name: "taken by the machine's own resolver",
    error: systemError('EADDRINUSE'),
    attempt: { address: '127.0.0.53' },
    holder: { pid: 600, name: 'systemd-resolve' },
    lines: [
      'Listen: listen tcp 127.0.0.53:53: bind: address already in use',
      '    | port 53 is held by systemd-resolve (process 600)',
      "    | it is this machine's own resolver: leave it there and bind another address or port",
      INSTEAD
    ]
  },
  {
    name: 'no privilege',
    error: systemError('EACCES'),
    lines: [
      'Listen: listen tcp :53: bind: permission denied',
      '    | ports below 1024 need a privilege (root, or CAP_NET_BIND_SERVICE)',
      INSTEAD
    ]
  },
  {
    name: 'no address of this machine, IPv6 in brackets',
    error: systemError('EADDRNOTAVAIL'),
    attempt: { address: '2001:db8::1' },
    lines: [
      'Listen: listen tcp [2001:db8::1]:53: bind: cannot assign requested address',
      '    | 2001:db8::1 is not an address of this machine: look at the bind line, or at --listen'
    ]
  }
]

for (const { name, error, attempt: changes, holder, lines } of cases) {
  t.test(name, t => {
    const asked: number[] = []
    const explained = explainListenError(error, attempt(changes), port => {
      asked.push(port)
      return holder
    })
    t.ok(explained instanceof ListenError)
    t.same(explained.message.split('\n'), lines)
    t.same(asked, (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? [53] : [])
    t.end()
  })
}

const commands: readonly { readonly words: readonly string[]; readonly instead: string }[] = [
  { words: [], instead: 'serve --listen 127.0.0.1:1053' },
  { words: ['serve'], instead: 'serve --listen 127.0.0.1:1053' },
  { words: ['-conf', '/etc/Corefile'], instead: 'serve -conf /etc/Corefile --listen 127.0.0.1:1053' },
  { words: ['--listen', ':53', '--quiet'], instead: 'serve --quiet --listen 127.0.0.1:1053' },
  { words: ['serve', '--listen=[::1]:53', '-p', '53'], instead: 'serve -p 53 --listen 127.0.0.1:1053' },
  {
    words: ['serve', '--manifests', 'my cluster/*.yaml', '--conf', "it's"],
    instead: `serve --manifests 'my cluster/*.yaml' --conf 'it'\\''s' --listen 127.0.0.1:1053`
  },
  { words: ['serve', '--manifests', '$HOME'], instead: `serve --manifests '$HOME' --listen 127.0.0.1:1053` },
  { words: ['--conf', ''], instead: `serve --conf '' --listen 127.0.0.1:1053` }
]

for (const { words, instead } of commands) {
  t.test(`the command to type instead of: ${words.join(' ')}`, t => {
    const explained = explainListenError(systemError('EACCES'), attempt({ words }), () => undefined)
    t.equal(explained.message.split('\n').at(-1), `    | try another one: labdns ${instead}`)
    t.end()
  })
}

t.test('the port that is taken is not the one to try', t => {
  const explained = explainListenError(systemError('EADDRINUSE'), attempt({ port: 1053 }), () => undefined)
  const advised = /--listen 127\.0\.0\.1:(\d+)$/.exec(explained.message)?.[1]
  t.not(advised, undefined)
  t.not(advised, '1053')
  t.ok(Number(advised) >= 1024)
  t.end()
})

t.test('an error that is none of these stays as it is', t => {
  const none = () => undefined
  const other = systemError('EMFILE')
  t.equal(explainListenError(other, attempt(), none), other)
  const plain = new Error('plain')
  t.equal(explainListenError(plain, attempt(), none), plain)
  const text = explainListenError('text', attempt(), none)
  t.ok(text instanceof Error && !(text instanceof ListenError))
  t.equal(text.message, 'text')
  t.end()
})

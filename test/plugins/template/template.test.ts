// The template plugin beyond what was recorded: mistakes, circles, what fails.
import t from 'tap'
import { runApp, testRuntime as appRuntime } from '../../support/running-app.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { templatePlugin } from '../../../src/plugins/template/setup.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { askHandler } from '../../support/ask.ts'
import { compareErrors } from '../../support/recorded-errors.ts'
import { queryWire, decodeText } from '../../support/messages.ts'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

t.test('what CoreDNS was seen to say', t => {
  compareErrors(t, templatePlugin, 5)
  t.end()
})

const mistakes: readonly (readonly [stanza: string, message: string])[] = [
  [
    'template',
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'template'"
  ],
  [
    'template IN',
    "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'IN'"
  ],
  ['template IN NOPE', 'Corefile:2 - Error during parsing: invalid RR class NOPE'],
  [
    'template IN A {\nmatch (\n}',
    'Corefile:3 - Error during parsing: could not parse regex: (, error parsing regexp: missing closing ): `(`'
  ],
  [
    'template IN A {\nanswer "{{ .Name"\n}',
    'Corefile:3 - Error during parsing: could not compile template: {{ .Name, template: answer:1: unclosed action'
  ],
  ['template IN A {\nrcode NOPE\n}', 'Corefile:3 - Error during parsing: unknown rcode NOPE'],
  [
    'template IN A {\nederror x\n}',
    'Corefile:3 - Error during parsing: error parsing extended DNS error code x, strconv.ParseUint: parsing "x": invalid syntax'
  ]
]

for (const [stanza, message] of mistakes) {
  t.test(stanza, t => {
    t.equal(setupMessage(stanza, templatePlugin), message)
    t.end()
  })
}

const chainOf = (stanza: string) =>
  setupBlocks(`.:53 {\n${stanza}\n}`, [templatePlugin], testShared(testRuntime()))[0]!.chain

t.test('every section, and an extended error', async t => {
  const chain = chainOf(`template IN TXT example.org {
    answer "{{ .Name }} 5 IN TXT {{ .Remote }}"
    additional "a.example.org. 6 IN A 192.0.2.1"
    authority "example.org. 7 IN NS a.example.org."
    ederror 15 blocked
  }`)
  const reply = await askHandler(chain, 'x.example.org', 'TXT', { edns: 1232 })
  t.has(reply, {
    rcode: 'NOERROR',
    answer: ['x.example.org 5 TXT "192.0.2.7"'],
    additional: ['a.example.org 6 A 192.0.2.1'],
    authority: ['example.org 7 NS a.example.org'],
    edns: { size: 1232, do: true, options: [`15:000f${Buffer.from('blocked').toString('hex')}`] }
  })
})

t.test('zones, types and stanzas in order', async t => {
  const chain = chainOf(`template IN A a.org {
    match ^x\\.
    answer "{{ .Name }} 5 IN A 192.0.2.1"
    fallthrough
  }
  template ANY ANY a.org b.org {
    rcode NXDOMAIN
  }`)
  t.equal((await askHandler(chain, 'x.a.org')).rcode, 'NOERROR')
  t.equal((await askHandler(chain, 'y.a.org')).rcode, 'NXDOMAIN')
  t.equal((await askHandler(chain, 'x.a.org', 'MX')).rcode, 'NXDOMAIN')
  t.equal((await askHandler(chain, 'x.b.org')).rcode, 'NXDOMAIN')
  t.equal((await askHandler(chain, 'x.c.org')).rcode, 'SERVFAIL', 'the end of the chain')
})

t.test('a template that gives nothing gives no record', async t => {
  const chain = chainOf(
    'template IN A . {\nanswer "{{ if .Group.x }}{{ .Name }} 5 IN A 192.0.2.1{{ end }}"\n}'
  )
  t.has(await askHandler(chain, 'a.org'), { rcode: 'NOERROR', answer: [] })
})

t.test('names in labels with odd octets stay names', async t => {
  const chain = chainOf('template IN CNAME . {\nanswer "{{ .Name }} 5 IN CNAME x.{{ .Name }}"\n}')
  const { rcode, answer } = await askHandler(chain, 'a\\032b\\.c.org', 'CNAME')
  t.equal(rcode, 'NOERROR')
  t.equal(answer.length, 1)
})

/** One question over UDP. */
async function ask(port: number, name: string): Promise<ReturnType<typeof decodeText>> {
  const socket = createSocket('udp4')
  try {
    socket.send(queryWire(name, 'A'), port, '127.0.0.1')
    const [wire] = (await once(socket, 'message', { signal: AbortSignal.timeout(5000) })) as [Buffer]
    return decodeText(wire)
  } finally {
    socket.close()
  }
}

t.test('aliases that lead in a circle end with SERVFAIL', async t => {
  const lines: string[] = []
  const corefile = `.:0 {
    errors
    template IN A loop.org {
      answer "{{ .Name }} 60 IN CNAME loop.org."  "{{ .Name }} 60 IN CNAME x.loop.org."
    }
    rewrite name r.org s.loop.org
  }`
  const app = await runApp(corefile, new MemorySource(), appRuntime({ log: memoryLog(lines) }))
  t.teardown(() => app.stop())
  for (const name of ['loop.org', 'r.org']) {
    const reply = await ask(app.port, name)
    t.has(reply, { rcode: 'SERVFAIL', answer: [] }, name)
  }
  t.same(
    lines.filter(line => line.startsWith('[ERROR]')),
    [
      '[ERROR] plugin/errors: 2 loop.org. A: names lead in a circle: 13 lookups for one query',
      '[ERROR] plugin/errors: 2 r.org. A: names lead in a circle: 13 lookups for one query'
    ]
  )
})

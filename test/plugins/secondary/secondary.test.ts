// A primary and a secondary, both whole servers on loopback; and the secondary's timers by a clock that is moved.
import t from 'tap'
import { encodeMessage } from '../../../src/wire/message.ts'
import { encodeName } from '../../../src/wire/name.ts'
import { parseRecord } from '../../../src/wire/rdata.ts'
import { isBefore } from '../../../src/plugins/secondary/secondary-zone.ts'
import { secondaryPlugin } from '../../../src/plugins/secondary/setup.ts'
import { askHandler } from '../../support/ask.ts'
import { setupBlocks, setupMessage, testRuntime, testShared } from '../../support/blocks.ts'
import { askTcp, askUdp } from '../../support/dns-client.ts'
import { fakeFiles } from '../../support/fake-files.ts'
import { MemorySource } from '../../support/memory-source.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { decodeText, makeQuery, queryWire } from '../../support/messages.ts'
import { runApp, testRuntime as machine } from '../../support/running-app.ts'
import { ScriptedUpstream } from '../../support/scripted-upstream.ts'

const at = (line: number, what: string) => `Corefile:${line} - Error during parsing: ${what}`
const zone = (serial: number, address: string, more = '') =>
  `@ 60 SOA ns root ${serial} 2 3 4 5\n@ 60 NS ns\nx 60 A ${address}\n${more}`

/** Tries until it holds, for a second at most. */
async function until(holds: () => Promise<boolean> | boolean): Promise<boolean> {
  for (let left = 100; left > 0; left--) {
    if (await holds()) return true
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  return false
}

t.test('mistakes', t => {
  const required = 'secondary zones require a transfer from property'
  const cases: readonly (readonly [text: string, message: string])[] = [
    ['secondary example.org', at(2, required)],
    ['secondary example.org {\n }', at(3, required)],
    ['secondary example.org {\n foo\n }', at(3, "unknown property 'foo'")],
    [
      'secondary example.org {\n transfer from\n }',
      at(3, "Wrong argument count or unexpected line ending after 'from'")
    ],
    ['secondary example.org {\n transfer bad\n }', at(3, 'unknown property bad')],
    ['secondary example.org {\n transfer from *\n }', "can't use '*' in transfer from"],
    ['secondary example.org {\n transfer from x\n }', "must specify an IP address: `x'"],
    ['secondary example.org {\n transfer from 192.0.2.1 192.0.2.2:54 ::1\n fallthrough\n }', '']
  ]
  for (const [text, message] of cases) t.equal(setupMessage(text, secondaryPlugin), message, text)
  t.end()
})

t.test('serials go round (RFC 1982)', t => {
  const cases: readonly (readonly [a: number, b: number, before: boolean])[] = [
    [1, 2, true],
    [2, 1, false],
    [1, 1, false],
    [0xffffffff, 0, true],
    [0, 0xffffffff, false],
    [0, 0x7fffffff, true],
    [0x80000001, 0, true]
  ]
  for (const [a, b, before] of cases) t.equal(isBefore(a, b), before, `${a} ${b}`)
  t.end()
})

t.test('a zone is copied, served, handed on, and copied again when its primary says so', async t => {
  const many = Array.from({ length: 3000 }, (_, i) => `h${i} 60 TXT "${'x'.repeat(60)}"\n`).join('')
  const files: Record<string, string> = { '/db': zone(1, '10.0.0.1', many) }
  const primary = await runApp(
    'example.org:0 {\n file /db {\n reload 20ms\n }\n transfer {\n to *\n }\n}\n',
    new MemorySource(),
    machine({ files: fakeFiles(files) })
  )
  const log = memoryLog()
  const secondary = await runApp(
    `example.org:0 {\n secondary {\n transfer from 127.0.0.1:${primary.port}\n }\n transfer {\n to 127.0.0.1\n }\n}\n`,
    new MemorySource(),
    machine({ log })
  )
  const ask = async (name: string, type = 'A') =>
    decodeText(await askUdp(secondary.port, queryWire(name, type)))
  t.ok(await until(async () => (await ask('x.example.org')).rcode === 'NOERROR'), 'copied')
  t.strictSame(await ask('x.example.org').then(({ flags, answer }) => ({ flags, answer })), {
    flags: 'qr aa rd',
    answer: ['x.example.org 60 A 10.0.0.1']
  })
  t.equal((await ask('h2999.example.org', 'TXT')).answer.length, 1)
  t.match(log.lines, [`[INFO] plugin/file: Transferred: example.org. from 127.0.0.1:${primary.port}`])

  let soas = 0
  const messages = await askTcp(secondary.port, queryWire('example.org', 'AXFR'), message => {
    const { answer } = decodeText(message)
    soas += answer.filter(text => text.includes(' SOA ')).length
    return soas === 2
  })
  const records = messages.flatMap(message => decodeText(message).answer)
  t.equal(records.length, 3000 + 4, 'and handed on whole')
  t.ok(messages.length > 1, 'in several messages')

  files['/db'] = zone(2, '10.0.0.2')
  const atPrimary = async () => decodeText(await askUdp(primary.port, queryWire('x.example.org', 'A'))).answer
  t.ok(await until(async () => (await atPrimary())[0]?.endsWith('10.0.0.2') === true), 'the primary has it')
  const notify = queryWire('example.org', 'SOA', { opcode: 4, flags: 0x0400 })
  t.match(decodeText(await askUdp(secondary.port, notify)), { rcode: 'NOERROR', flags: 'qr aa' })
  t.ok(
    await until(async () => (await ask('x.example.org')).answer[0] === 'x.example.org 60 A 10.0.0.2'),
    'the new data are served'
  )
  t.equal((await ask('h2999.example.org', 'TXT')).rcode, 'NXDOMAIN', 'and the old ones are gone')
  await secondary.stop()
  await primary.stop()
})

t.test('attempts, checks and expiry', async t => {
  let serial = 1
  let isDown = true
  const zoneRecords = () =>
    [
      `example.org. 60 SOA ns.example.org. root.example.org. ${serial} 100 10 300 5`,
      'x.example.org. 60 A 10.0.0.1',
      `example.org. 60 SOA ns.example.org. root.example.org. ${serial} 100 10 300 5`
    ].map(parseRecord)
  const upstream = await ScriptedUpstream.open(asked => {
    if (isDown) return asked.close()
    const answers = asked.question.endsWith('AXFR') ? zoneRecords() : zoneRecords().slice(0, 1)
    const name = encodeName('example.org')
    const qtype = asked.question.endsWith('AXFR') ? 252 : 6
    asked.send(
      encodeMessage({
        id: asked.wire.readUInt16BE(0),
        flags: 0x8400,
        questions: [{ name, qtype, qclass: 1 }],
        answers,
        authority: [],
        additional: [],
        opt: undefined
      })
    )
  })
  const runtime = { ...testRuntime(), random: { integer: () => 0 } }
  const place = `127.0.0.1:${upstream.port}`
  const shared = testShared(runtime)
  const [block] = setupBlocks(
    `. {\n secondary example.org {\n transfer from ${place}\n }\n}\n`,
    [secondaryPlugin],
    shared
  )
  const rcode = async () => (await askHandler(block!.chain, 'x.example.org')).rcode
  const asked = () => upstream.seen.length
  await block!.start()
  t.equal(await rcode(), 'SERVFAIL', 'nothing yet')
  t.ok(await until(() => runtime.log.lines.length === 2))
  t.strictSame(runtime.log.lines, [
    `[ERROR] plugin/file: Failed to transfer \`example.org.' from "${place}": EOF`,
    "[WARNING] plugin/secondary: All 'example.org.' masters failed to transfer, retrying in 250ms: EOF"
  ])
  runtime.clock.advance(250)
  t.ok(await until(() => runtime.log.lines.length === 4))
  t.match(runtime.log.lines[3], /retrying in 500ms: EOF$/)
  isDown = false
  runtime.clock.advance(500)
  t.ok(await until(async () => (await rcode()) === 'NOERROR'), 'served')

  // Refresh after 100 s: the same serial, no transfer.
  let before = asked()
  runtime.clock.advance(100_000)
  t.ok(await until(() => asked() === before + 1), 'asked for the serial')
  t.match(upstream.seen.at(-1), /SOA$/)
  await until(() => runtime.clock.pending > 0)
  // A newer serial is fetched.
  serial = 2
  before = asked()
  runtime.clock.advance(100_000)
  t.ok(await until(() => asked() === before + 2))
  t.match(upstream.seen.at(-1), /AXFR$/)
  t.ok(await until(() => /Transferred/.test(runtime.log.lines.at(-1) ?? '')))

  // A configuration that takes this one's place goes on with the data, and checks them.
  const [next] = setupBlocks(
    `. {\n secondary example.org {\n transfer from ${place}\n }\n}\n`,
    [secondaryPlugin],
    shared
  )
  before = asked()
  await next!.start()
  t.equal((await askHandler(next!.chain, 'x.example.org')).rcode, 'NOERROR')
  t.ok(await until(() => asked() === before + 1))
  t.match(upstream.seen.at(-1), /SOA$/)
  await until(() => runtime.clock.pending === 2)
  await next!.stop()

  // Down for longer than `expire`: retries, then no more answers.
  isDown = true
  await until(() => runtime.clock.pending === 1)
  runtime.clock.advance(100_000)
  for (let waited = 0; waited < 250; waited += 10) {
    t.equal(await rcode(), 'NOERROR')
    const lines = runtime.log.lines.length
    runtime.clock.advance(10_000)
    if (!(await until(() => runtime.log.lines.length > lines || runtime.clock.pending > 0))) break
    if ((await rcode()) === 'SERVFAIL') break
  }
  t.ok(await until(async () => (await rcode()) === 'SERVFAIL'), 'expired')
  t.match(runtime.log.lines.at(-1), /^\[ERROR\] plugin\/file: Zone example\.org\. is expired$/)
  t.ok(runtime.log.lines.some(line => line === '[WARNING] plugin/file: Failed retry check EOF'))
  await block!.stop()
  await upstream.close()
})

t.test('a NOTIFY that no primary sent is dropped; one for another zone is not ours', async t => {
  const runtime = testRuntime()
  const [block] = setupBlocks(
    '. {\n secondary example.org {\n transfer from 192.0.2.1\n }\n}\n',
    [secondaryPlugin],
    testShared(runtime)
  )
  const plugin = block!.plugins[0]!
  const notify = (name: string, from: string) =>
    plugin.notified?.(makeQuery(name, 'SOA', { opcode: 4, from }))
  t.equal(notify('example.org', '192.0.2.9')?.dropped, true)
  t.equal(notify('example.org', '192.0.2.1')?.dropped, false)
  t.equal(notify('sub.example.org', '192.0.2.1'), undefined)
  t.equal(notify('example.net', '192.0.2.1'), undefined)
  t.strictSame(runtime.log.lines, [
    '[INFO] plugin/file: Dropping notify from 192.0.2.9 for example.org.',
    '[INFO] plugin/file: Notify from 192.0.2.1 for example.org.: checking transfer'
  ])
})

import fc from 'fast-check'
import t from 'tap'
import type { Service } from '../../../src/cluster/objects.ts'
import { ManifestSource } from '../../../src/cluster/manifests/manifest-source.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { editTexts, LogBook, MemoryFiles, Mirror, readTexts } from './harness.ts'

const shop = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n'

function service(name: string, address = '10.96.0.1', more = ''): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  namespace: shop\nspec:\n  clusterIP: ${address}\n${more}`
}

function yaml(...documents: readonly string[]): string {
  return documents.join('---\n')
}

function addressOf(mirror: Mirror, name: string): string | undefined {
  return (mirror.objects.get(`Service/shop/${name}`) as Service | undefined)?.clusterIPs[0]
}

const pause = (delayMs: number) => new Promise(resolve => setTimeout(resolve, delayMs))

/** Waits until the log has this line. */
async function said(log: LogBook, line: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (log.lines.includes(line)) return
    await pause(10)
  }
  throw new Error(`not said: ${line}\nbut:\n${log.lines.join('\n')}`)
}

t.test('the start', async t => {
  t.test('counts what is read and what is passed over in one line', async t => {
    const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n'
    const knative =
      'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n'
    const { log, mirror } = await readTexts({
      'a.yaml': yaml(shop, service('web'), service('db'), deployment, deployment.replace('web', 'db')),
      'b.yaml': knative
    })
    t.strictSame(log.lines, [
      'info: manifests: 2 files: Service 2, Namespace 1; passed over, since no answer needs them: Deployment 2, Service.serving.knative.dev 1'
    ])
    t.equal(mirror.syncedTimes, 1)
  })

  t.test('takes standard input', async t => {
    const log = new LogBook()
    const source = new ManifestSource({
      paths: ['-'],
      runtime: { clock: systemClock, files: new MemoryFiles({}), log },
      standardInput: Buffer.from(yaml(shop, service('web', '10.96.0')))
    })
    await source.start()
    t.strictSame(log.lines, [
      'error: <stdin>:12:14: Service shop/web: spec.clusterIP: "10.96.0" is not an IP address; expected an IPv4 or IPv6 address, or None; it is left out',
      'info: manifests: 1 file: Namespace 1'
    ])
  })

  const refused: readonly (readonly [string, readonly string[], string])[] = [
    ['a path that is not there', ['none.yaml'], 'manifests: cannot read none.yaml: no such file or folder'],
    [
      'standard input that was not given',
      ['-'],
      'manifests: cannot read -: nothing was given on standard input'
    ],
    [
      'several, all of them named',
      ['x', 'y/*'],
      'manifests: cannot read x: no such file or folder; y: no such file or folder'
    ]
  ]
  for (const [name, paths, message] of refused) {
    t.test(`refuses ${name}`, async t => {
      const runtime = { clock: systemClock, files: new MemoryFiles({}), log: new LogBook() }
      await t.rejects(new ManifestSource({ paths, runtime }).start(), { message })
    })
  }

  t.test('refuses a folder that may not be read', async t => {
    const files = new MemoryFiles({ 'k8s/a.yaml': shop })
    files.list = () => {
      throw Object.assign(new Error('no'), { code: 'EACCES' })
    }
    const source = new ManifestSource({
      paths: ['k8s'],
      runtime: { clock: systemClock, files, log: new LogBook() }
    })
    await t.rejects(source.start(), { message: 'manifests: cannot read k8s: permission denied' })
  })

  t.test('goes on without a file that may not be read, and without files', async t => {
    const log = new LogBook()
    const files = new MemoryFiles({ 'k8s/a.yaml': shop, 'k8s/b.yaml': '', 'empty/x.txt': '' })
    files.contents.set('k8s/b.yaml', undefined)
    const source = new ManifestSource({
      paths: ['k8s', 'empty', 'k8s/*.yml'],
      runtime: { clock: systemClock, files, log }
    })
    await source.start()
    t.strictSame(log.lines, [
      'warn: manifests: empty: holds no *.yaml, *.yml or *.json file yet',
      'warn: manifests: k8s/*.yml: matches no file yet',
      'warn: k8s/b.yaml: cannot be read: permission denied; it is left out',
      'info: manifests: 1 file: Namespace 1'
    ])
  })

  t.test('reads every shape that kubectl prints', async t => {
    const asJson = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    const { mirror, log } = await readTexts({
      'documents.yaml': yaml(shop, shop.replace('shop', 'a')),
      'list.yaml':
        'apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n  metadata:\n    name: b\nkind: List\nmetadata:\n  resourceVersion: ""\n',
      'flow-list.yaml':
        'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Namespace, metadata: {name: c}}]\n',
      'typed-list.yaml': 'apiVersion: v1\nkind: NamespaceList\nitems:\n- metadata: {name: d}\n',
      'one.json': JSON.stringify(asJson('e'), undefined, 2),
      'list.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [asJson('f'), asJson('g')] }),
      'typed.json': JSON.stringify({
        kind: 'NamespaceList',
        apiVersion: 'v1',
        items: [{ metadata: { name: 'h' } }]
      }),
      'stream.json': `${JSON.stringify(asJson('i'))}\n${JSON.stringify(asJson('j'))}`,
      'nested.yaml':
        'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Namespace, metadata: {name: k}}\n'
    })
    t.strictSame(
      mirror.keys(),
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'shop'].map(name => `Namespace//${name}`)
    )
    t.strictSame(log.lines, ['info: manifests: 9 files: Namespace 12'])
  })
})

t.test('a bad edit', async t => {
  t.test('of one object keeps its last good version', async t => {
    const { write, log, mirror } = await editTexts(
      { 'shop.yaml': yaml(shop, service('web'), service('db')) },
      task => t.teardown(task)
    )
    write('shop.yaml', yaml(shop, service('web', '10.96.300.1'), service('db', '10.96.0.2')))
    await mirror.until('the good change', () => addressOf(mirror, 'db') === '10.96.0.2')
    await said(
      log,
      'error: shop.yaml:12:14: Service shop/web: spec.clusterIP: "10.96.300.1" is not an IP address (300 is over 255); expected an IPv4 or IPv6 address, or None; its last good version stays in service'
    )
    t.equal(addressOf(mirror, 'web'), '10.96.0.1')
    write('shop.yaml', yaml(shop, service('web', '10.96.0.3'), service('db', '10.96.0.2')))
    await mirror.until('the mended one', () => addressOf(mirror, 'web') === '10.96.0.3')
    await said(log, 'info: shop.yaml: everything in it can be read again')
    t.notOk(mirror.events.some(event => event.startsWith('remove')))
  })

  t.test('that is no YAML costs only its document, and nothing goes', async t => {
    const { write, log, mirror } = await editTexts(
      { 'shop.yaml': yaml(shop, service('web'), service('db')) },
      task => t.teardown(task)
    )
    write('shop.yaml', yaml(shop, service('web').replace('spec:', 'spec'), service('db', '10.96.0.2')))
    await mirror.until('the good change', () => addressOf(mirror, 'db') === '10.96.0.2')
    await said(
      log,
      'error: shop.yaml:11:1: a key without ":"; expected key: value; what this file gave before stays in service'
    )
    t.equal(addressOf(mirror, 'web'), '10.96.0.1')
    // Said once, also when something else in the file changes.
    write('shop.yaml', yaml(shop, service('web').replace('spec:', 'spec'), service('db', '10.96.0.4')))
    await mirror.until('the next good change', () => addressOf(mirror, 'db') === '10.96.0.4')
    await pause(80)
    t.equal(log.lines.filter(line => line.includes('a key without')).length, 1)
    // The broken one is deleted: now it goes.
    write('shop.yaml', yaml(shop, service('db', '10.96.0.4')))
    await mirror.until('gone', () => addressOf(mirror, 'web') === undefined)
  })

  t.test('that empties the file waits for a second look', async t => {
    const text = yaml(shop, service('web'))
    const { write, log, mirror } = await editTexts({ 'shop.yaml': text }, task => t.teardown(task))
    write('shop.yaml', '')
    await pause(10)
    t.equal(addressOf(mirror, 'web'), '10.96.0.1', 'it may only be half written')
    write('shop.yaml', text)
    await pause(100)
    t.equal(addressOf(mirror, 'web'), '10.96.0.1')
    t.notOk(mirror.events.some(event => event.startsWith('remove')))
    write('shop.yaml', '')
    await mirror.until('gone', () => mirror.objects.size === 0)
    await said(log, 'info: shop.yaml: Namespace shop removed, Service shop/web removed')
  })
})

t.test('only what changed is told', async t => {
  const documents = Array.from({ length: 30 }, (_, index) => service(`web-${index}`))
  const { write, log, mirror, source } = await editTexts({ 'shop.yaml': yaml(shop, ...documents) }, task =>
    t.teardown(task)
  )
  mirror.events.length = 0
  documents[7] = service('web-7', '10.96.0.7')
  write('shop.yaml', yaml('# a line more\n', shop, ...documents))
  await mirror.until('the change', () => addressOf(mirror, 'web-7') === '10.96.0.7')
  t.strictSame(mirror.events, ['put Service/shop/web-7'])
  await said(log, 'info: shop.yaml: Service shop/web-7 changed')
  t.strictSame(
    source.origin('Service', 'shop', 'web-29'),
    { file: 'shop.yaml', line: 2 + 5 + 29 * 8 + 1 },
    'lines moved'
  )
  // An edit that no answer shows.
  documents[8] = service('web-8', '10.96.0.1', '  sessionAffinity: None\n')
  mirror.events.length = 0
  write('shop.yaml', yaml('# a line more\n', shop, ...documents))
  await pause(60)
  t.strictSame(mirror.events, [])
  // Many are counted.
  write(
    'shop.yaml',
    yaml(shop, ...documents.slice(10).map(each => each.replace('10.96.0.1', '10.96.0.9')), service('new'))
  )
  await said(log, 'info: shop.yaml: 1 added (Service 1), 20 changed (Service 20)')
  await said(log, 'info: shop.yaml: 10 removed (Service 10)')
})

t.test('an object in two files', async t => {
  const files = { 'b.yaml': yaml(shop, service('web', '10.96.0.1')), 'a.yaml': service('web', '10.96.0.2') }
  const { write, log, mirror } = await editTexts(files, task => t.teardown(task))
  t.equal(addressOf(mirror, 'web'), '10.96.0.1', 'the first by the order that was given')
  const line =
    'error: a.yaml:1:1: Service shop/web: is declared a second time; the first one counts, b.yaml:6:1; delete or rename one'
  t.ok(log.lines.includes(line))
  write('b.yaml', shop)
  await mirror.until('the other one', () => addressOf(mirror, 'web') === '10.96.0.2')
  write('b.yaml', yaml(shop, service('web', '10.96.0.3')))
  await mirror.until('the first again', () => addressOf(mirror, 'web') === '10.96.0.3')
  t.notOk(mirror.events.includes('remove Service/shop/web'))
})

t.test('the order of files in a folder is that of their names', async t => {
  const files = {
    'k8s/b.yaml': yaml(shop, service('web', '10.96.0.1')),
    'k8s/a.yaml': service('web', '10.96.0.2')
  }
  const { mirror } = await editTexts(files, task => t.teardown(task), ['k8s'])
  t.equal(addressOf(mirror, 'web'), '10.96.0.2')
})

t.test('a namespace that is used but not declared is said once', async t => {
  const { write, log, mirror } = await editTexts({ 'shop.yaml': service('web') }, task => t.teardown(task))
  const line =
    'warn: namespace shop is used (shop.yaml:1) but not declared, so no name in it exists, as in CoreDNS; add {apiVersion: v1, kind: Namespace, metadata: {name: shop}}'
  const times = () => log.lines.filter(each => each === line).length
  t.equal(times(), 1)
  write('shop.yaml', service('web', '10.96.0.2'))
  await mirror.until('changed', () => addressOf(mirror, 'web') === '10.96.0.2')
  t.equal(times(), 1)
  write('shop.yaml', yaml(service('web', '10.96.0.2'), shop))
  await mirror.until('declared', () => mirror.objects.has('Namespace//shop'))
  write('shop.yaml', service('web', '10.96.0.2'))
  await mirror.until('undeclared', () => !mirror.objects.has('Namespace//shop'))
  await pause(10)
  t.equal(times(), 2, 'and again when it is taken away')
})

t.test('several namespaces are one line', async t => {
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name =>
    service('web').replace('namespace: shop', `namespace: ${name}`)
  )
  const { log } = await readTexts({ 'shop.yaml': yaml(...texts) })
  t.equal(
    log.lines[0],
    'warn: namespaces a, b, c, d, e and 2 more are used (shop.yaml:1) but not declared, so no name in them exists, as in CoreDNS; add {apiVersion: v1, kind: Namespace, metadata: {name: a}} and the like'
  )
})

t.test('what can not be read later', async t => {
  t.test('a file: a warning, and its objects stay', async t => {
    const text = yaml(shop, service('web'))
    const { write, log, mirror } = await editTexts({ 'shop.yaml': text }, task => t.teardown(task))
    write('shop.yaml', undefined)
    await said(
      log,
      'warn: shop.yaml: cannot be read: permission denied; what it gave before stays in service'
    )
    write('shop.yaml', undefined)
    await pause(30)
    t.equal(log.lines.filter(line => line.includes('cannot be read')).length, 1, 'said once')
    t.equal(addressOf(mirror, 'web'), '10.96.0.1')
    write('shop.yaml', text.replace('10.96.0.1', '10.96.0.2'))
    await mirror.until('back', () => addressOf(mirror, 'web') === '10.96.0.2')
    await said(log, 'info: shop.yaml: can be read again')
  })

  t.test('a folder: a warning, and its objects stay', async t => {
    const text = yaml(shop, service('web'))
    const { write, log, mirror } = await editTexts({ 'k8s/shop.yaml': text }, task => t.teardown(task), [
      'k8s'
    ])
    // The folder itself is gone with its last file; both are told.
    write('k8s/shop.yaml', 'gone')
    write('k8s', 'gone')
    await said(
      log,
      'warn: manifests: cannot read k8s: no such file or folder; what it gave before stays in service'
    )
    await pause(100)
    t.equal(addressOf(mirror, 'web'), '10.96.0.1')
    write('k8s/shop.yaml', text.replace('10.96.0.1', '10.96.0.2'))
    await mirror.until('back', () => addressOf(mirror, 'web') === '10.96.0.2')
  })
})

t.test('files come and go', async t => {
  const { write, watched, log, mirror } = await editTexts(
    { 'k8s/shop.yaml': shop },
    task => t.teardown(task),
    ['k8s']
  )
  write('k8s/deep/web.yaml', service('web'))
  await mirror.until('there', () => addressOf(mirror, 'web') === '10.96.0.1')
  await said(log, 'info: k8s/deep/web.yaml: Service shop/web added')
  write('k8s/deep/notes.txt', service('notes'))
  write('k8s/deep/.hidden.yaml', service('hidden'))
  write('k8s/deep/web.yaml', 'gone')
  await mirror.until('gone', () => addressOf(mirror, 'web') === undefined)
  t.strictSame(mirror.keys(), ['Namespace//shop'])
  await said(log, 'info: k8s/deep/web.yaml: Service shop/web removed')
  await pause(1)
  t.strictSame(watched(), ['k8s/shop.yaml'], 'what is gone is forgotten')
})

t.test('origins', async t => {
  const deployment = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n'
  const { source } = await readTexts({
    'a.yaml': yaml(`# all of it\n${shop}`, `\n${service('web')}`, deployment)
  })
  t.strictSame(source.origin('Namespace', '', 'shop'), { file: 'a.yaml', line: 2 })
  t.strictSame(source.origin('Service', 'shop', 'web'), { file: 'a.yaml', line: 8 })
  t.strictSame(source.origin('Deployment', 'shop', 'web'), { file: 'a.yaml', line: 16 })
  t.equal(source.origin('Service', 'shop', 'none'), undefined)
  t.strictSame(
    [...source.objects()].map(object => object.kind),
    ['Namespace', 'Service']
  )
})

t.test('sinks', async t => {
  const { source, write, mirror } = await editTexts({ 'shop.yaml': yaml(shop, service('web')) }, task =>
    t.teardown(task)
  )
  const late = new Mirror()
  const stop = source.subscribe(late)
  t.strictSame(late.keys(), mirror.keys(), 'a late one is told everything')
  t.equal(late.syncedTimes, 1)
  stop()
  write('shop.yaml', yaml(shop, service('web', '10.96.0.2')))
  await mirror.until('changed', () => addressOf(mirror, 'web') === '10.96.0.2')
  t.equal(addressOf(late, 'web'), '10.96.0.1', 'and nothing after it left')
})

t.test('nothing is told after close', async t => {
  const { source, write, mirror } = await editTexts({ 'shop.yaml': yaml(shop, service('web')) }, task =>
    t.teardown(task)
  )
  write('shop.yaml', yaml(shop, service('web', '10.96.0.2')))
  await source.close()
  await pause(60)
  t.equal(addressOf(mirror, 'web'), '10.96.0.1')
})

t.test('many troubles are cut short', async t => {
  const { log } = await readTexts({
    'shop.yaml': yaml(...Array.from({ length: 50 }, (_, index) => `a: [${index}\n`))
  })
  t.equal(log.lines.length, 22)
  t.equal(log.lines[20], 'error: shop.yaml: 30 more troubles')
})

t.test('no octets stop it', async t => {
  const good = yaml(shop, service('web'))
  const { write, mirror, log } = await editTexts({ 'a.yaml': good, 'b.json': '{}' }, task => t.teardown(task))
  const broken = fc
    .tuple(fc.nat(good.length), fc.nat(20), fc.uint8Array({ maxLength: 12 }))
    .map(([at, length, octets]) =>
      Buffer.concat([Buffer.from(good.slice(0, at)), octets, Buffer.from(good.slice(at + length))])
    )
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    broken,
    fc.json().map(text => Buffer.from(text))
  )
  let round = 0
  await fc.assert(
    fc.asyncProperty(anything, anything, async (first, second) => {
      write('a.yaml', first)
      write('b.json', second)
      await pause(round % 4 === 0 ? 40 : 6)
      // Whatever that was, the next good contents are served.
      const address = `10.97.${round >> 8}.${round & 255}`
      round++
      write('a.yaml', good.replace('10.96.0.1', address))
      await mirror.until(address, () => addressOf(mirror, 'web') === address)
    }),
    { numRuns: 150 }
  )
  t.notMatch(log.lines.join('\n'), /error: manifests: .*\n? +at /, 'no mistake of ours was caught')
})

// Manifests as text: what is printed reads as the same objects, by our own readers and by the yaml package.
import { deepStrictEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { asWritten } from '../../../src/cluster/as-written.ts'
import { keyOf } from '../../../src/cluster/object-key.ts'
import { listText, manifestText } from '../../../src/cli/get/manifest-text.ts'
import { readTexts } from '../../cluster/manifests/harness.ts'
import { anyObjects } from '../../support/any-objects.ts'

/** Enough to find what is wrong again and again; many more by hand. */
const RUNS = Number(process.env['RUNS'] ?? 12)

for (const format of ['yaml', 'json'] as const) {
  t.test(`a List in ${format} gives --manifests the same objects, and no error`, async t => {
    await fc.assert(
      fc.asyncProperty(anyObjects, async objects => {
        const text = [...listText(objects.map(asWritten), format)].join('')
        const { log, mirror } = await readTexts({ [`f.${format}`]: text })
        deepStrictEqual(
          log.lines.filter(line => line.startsWith('error')),
          []
        )
        deepStrictEqual(mirror.objects, new Map(objects.map(object => [keyOf(object), object])))
      }),
      { numRuns: RUNS }
    )
    t.pass('for all objects')
  })
}

t.test('the yaml package reads what was written', t => {
  fc.assert(
    fc.property(anyObjects, objects => {
      const manifests = objects.map(asWritten)
      const text = [...listText(manifests, 'yaml')].join('')
      const expected = { apiVersion: 'v1', items: manifests, kind: 'List', metadata: { resourceVersion: '' } }
      // As JSON, since maps with a key __proto__ are made in different ways.
      equal(JSON.stringify(parse(text)), JSON.stringify(expected))
    }),
    { numRuns: RUNS }
  )
  t.pass('for all objects')
  t.end()
})

t.test('the layout is the one of kubectl', t => {
  const namespace = asWritten({ kind: 'Namespace', name: 'shop', labels: { team: 'a b' } })
  const lines = [
    'apiVersion: v1',
    'kind: Namespace',
    'metadata:',
    '  name: shop',
    '  labels:',
    '    team: "a b"',
    ''
  ]
  t.equal(manifestText(namespace, 'yaml'), lines.join('\n'))
  t.equal(
    [...listText([namespace], 'yaml')].join(''),
    [
      ...[
        'apiVersion: v1',
        'items:',
        '- apiVersion: v1',
        '  kind: Namespace',
        '  metadata:',
        '    name: shop'
      ],
      ...['    labels:', '      team: "a b"', 'kind: List', 'metadata:', '  resourceVersion: ""', '']
    ].join('\n')
  )
  t.equal(
    [...listText([], 'yaml')].join(''),
    'apiVersion: v1\nitems: []\nkind: List\nmetadata:\n  resourceVersion: ""\n'
  )
  const list = [...listText([namespace, namespace], 'json')].join('')
  t.equal(
    list,
    `${JSON.stringify({ apiVersion: 'v1', items: [namespace, namespace], kind: 'List', metadata: { resourceVersion: '' } }, undefined, 4)}\n`
  )
  t.end()
})

import t from 'tap'
import { stringify } from 'yaml'
import { extractCorefile } from '../../src/corefile/configmap.ts'
import { looksLikeManifest } from '../../src/corefile/manifest-look.ts'
import { parseCorefile } from '../../src/corefile/parser.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { options, placeOf, thrownBy } from './support.ts'

const COREFILE = `.:53 {
    errors
    # é \u{1f600} "quoted"
    kubernetes cluster.local {
\tpods insecure
    }

    forward . "/etc/resolv conf"
    nope 1
}
`

const indented = (text: string, by: string): string => text.replace(/^(?=.)/gm, by)
const escaped = JSON.stringify(COREFILE)

/** The ConfigMap in the forms that people have it in; each with the place of `nope`. */
const forms: readonly { name: string; manifest: string; place: string }[] = [
  {
    name: 'kubectl get -o yaml',
    manifest: `apiVersion: v1\ndata:\n  Corefile: |\n${indented(COREFILE, '    ')}kind: ConfigMap\nmetadata:\n  name: coredns\n  namespace: kube-system\n`,
    place: 'cm.yaml:12:9'
  },
  {
    name: 'carriage returns, a byte order mark, a comment, two spaces',
    manifest: `\ufeff# dns\r\napiVersion: v1\r\nkind: ConfigMap\r\ndata:\r\n  Corefile: |2-\r\n${indented(COREFILE, '    ').replaceAll('\n', '\r\n')}metadata:\r\n  name: coredns\r\n`,
    place: 'cm.yaml:14:9'
  },
  {
    name: 'the one-line form with \\n',
    manifest: `apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: ${escaped}\nmetadata:\n  name: coredns\n`,
    place: `cm.yaml:4:${13 + escaped.replace('\u{1f600}', 'x').indexOf('nope')}`
  },
  {
    name: 'JSON',
    manifest: `{\n  "apiVersion": "v1",\n  "kind": "ConfigMap",\n  "data": {\n    "Corefile": ${escaped}\n  },\n  "metadata": { "name": "coredns" }\n}\n`,
    place: `cm.yaml:5:${17 + escaped.replace('\u{1f600}', 'x').indexOf('nope')}`
  },
  {
    name: 'the folded form in double quotes that Go writes',
    manifest:
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: ".:53 {\\n    errors\\n    # é \u{1f600} \\"quoted\\"\\n    kubernetes cluster.local\n' +
      '    {\\n\\tpods insecure\\n    }\\n\\n    forward . \\"/etc/resolv conf\\"\\n \\\n    \\   nope 1\\n}\\n"\n',
    place: 'cm.yaml:6:9'
  },
  {
    name: 'single quotes, which need blank lines',
    manifest: `apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: '. {\n\n    log "it''s"   \n\n    nope\n\n    }\n\n    '\n`,
    place: 'cm.yaml:8:5'
  },
  {
    name: 'a list, with other things around',
    manifest: `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: kube-root-ca.crt}\n  data: {ca.crt: x}\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: coredns\n  data:\n    Corefile: |\n${indented(COREFILE, '      ')}    NodeHosts: ""\n`,
    place: 'cm.yaml:22:11'
  },
  {
    name: 'several documents',
    manifest: `---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: coredns\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\ndata:\n  Corefile: |\n${indented(COREFILE, '        ')}---\n`,
    place: 'cm.yaml:21:13'
  },
  {
    name: 'an anchor',
    manifest: `apiVersion: v1\nkind: ConfigMap\nx: &c |\n${indented(COREFILE, '  ')}data:\n  Corefile: *c\n`,
    place: 'cm.yaml:12:7'
  }
]

for (const { name, manifest, place } of forms) {
  t.test(name, t => {
    t.equal(looksLikeManifest(manifest), true)
    const { text, locate } = extractCorefile(manifest, 'cm.yaml')
    t.equal(text.trimEnd(), (name.startsWith('single') ? `. {\nlog "it's"\nnope\n}` : COREFILE).trimEnd())
    const error = thrownBy(CorefileError, () => parseCorefile(text, 'cm.yaml', { ...options(), locate }))
    t.equal(placeOf(error), place)
    t.equal(
      error.message,
      `cm.yaml:${place.split(':')[1] ?? ''} - Error during parsing: Unknown directive 'nope'`
    )
    const lines = manifest.replace(/^\ufeff/, '').split(/\r?\n/)
    const [, line = '', column = ''] = place.split(':')
    const shown = Array.from(lines[Number(line) - 1] ?? '').slice(Number(column) - 1)
    t.equal(shown.slice(0, 4).join(''), 'nope', 'the place is where the word stands')
    t.end()
  })
}

t.test('words on one line of the manifest stand on the lines of the Corefile', t => {
  const { text, locate } = extractCorefile(forms[2]!.manifest.replace('nope 1', 'log'), 'cm.yaml')
  const [block] = parseCorefile(text, 'cm.yaml', { ...options(), locate }).blocks
  t.same([...(block?.directives.keys() ?? [])], ['errors', 'kubernetes', 'forward', 'log'])
  t.end()
})

t.test('a folded block: the place where it begins', t => {
  const manifest = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  Corefile: >\n    . {\n    nope\n    }\n'
  const { text, locate } = extractCorefile(manifest, 'cm.yaml')
  t.equal(text, '. { nope }\n')
  const error = thrownBy(CorefileError, () => parseCorefile(text, 'cm.yaml', { ...options(), locate }))
  t.equal(placeOf(error), 'cm.yaml:4:13')
  t.end()
})

t.test('what the YAML package writes comes back with its places', t => {
  for (const style of ['BLOCK_LITERAL', 'QUOTE_DOUBLE', 'PLAIN'] as const) {
    const manifest = stringify(
      { apiVersion: 'v1', kind: 'ConfigMap', data: { Corefile: COREFILE } },
      { defaultStringType: style, defaultKeyType: 'PLAIN', lineWidth: 60 }
    )
    const { text, locate } = extractCorefile(manifest, 'x')
    t.equal(text, COREFILE, style)
    const error = thrownBy(CorefileError, () => parseCorefile(text, 'x', { ...options(), locate }))
    const line = Array.from(manifest.split('\n')[(error.at?.line ?? 0) - 1] ?? '')
    t.equal(line.slice((error.at?.column ?? 0) - 1, (error.at?.column ?? 0) + 3).join(''), 'nope', style)
  }
  t.end()
})

t.test('what is no manifest', t => {
  const corefiles = [
    '',
    '.:53 {\n  log\n}\n',
    '{\n  log\n}\n',
    'kind.org {\n}\n',
    'kind: {\n}\n',
    '# apiVersion: v1\n. {\n}\n',
    'import "x"\n'
  ]
  for (const text of corefiles) t.equal(looksLikeManifest(text), false, text)
  t.equal(looksLikeManifest('data:\n  Corefile: |\n    . {\n    }\n'), true)
  t.end()
})

t.test('errors that say what there is', t => {
  const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coredns\n  namespace: kube-system\n'
  const cases: readonly { manifest: string; message: string | RegExp; place: string }[] = [
    {
      manifest: `${head}data:\n  Corefile.txt: x\n  NodeHosts: y\n`,
      message:
        'cm.yaml:1 - Error during parsing: no ConfigMap with data.Corefile; found: ConfigMap kube-system/coredns with the keys Corefile.txt, NodeHosts',
      place: 'cm.yaml:1:1'
    },
    {
      manifest: head,
      message:
        'cm.yaml:1 - Error during parsing: no ConfigMap with data.Corefile; found: ConfigMap kube-system/coredns with no data',
      place: 'cm.yaml:1:1'
    },
    {
      manifest: '---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: coredns\n',
      message: 'cm.yaml:2 - Error during parsing: no ConfigMap with data.Corefile; found: Deployment coredns',
      place: 'cm.yaml:2:1'
    },
    {
      manifest: '{"items": []}',
      message:
        'cm.yaml:1 - Error during parsing: no ConfigMap with data.Corefile; found: an object without kind ',
      place: 'cm.yaml:1:1'
    },
    {
      manifest: 'apiVersion: v1\nkind: List\nitems: []\n',
      message: 'cm.yaml:1 - Error during parsing: no ConfigMap with data.Corefile; found: nothing',
      place: 'cm.yaml:1:1'
    },
    {
      manifest: `${head}data: {Corefile: a}\n---\n${head.replace('coredns', 'other')}data: {Corefile: b}\n`,
      message:
        'cm.yaml:8 - Error during parsing: more than one ConfigMap with data.Corefile: kube-system/coredns, kube-system/other',
      place: 'cm.yaml:8:1'
    },
    {
      manifest: `${head}data:\n  Corefile: 53\n`,
      message: 'cm.yaml:7 - Error during parsing: data.Corefile is not a text',
      place: 'cm.yaml:7:13'
    },
    {
      manifest: `${head}data:\n  Corefile:\n    a: b\n`,
      message:
        /no ConfigMap with data.Corefile; found: ConfigMap kube-system\/coredns with the keys Corefile$/,
      place: 'cm.yaml:1:1'
    },
    {
      manifest: `${head}data:\n  Corefile: "a\n`,
      message: /^cm.yaml:8 - Error during parsing: not a manifest: /,
      place: 'cm.yaml:8:1'
    },
    {
      manifest: `{"kind": ${'['.repeat(100_000)}`,
      message: 'cm.yaml:1 - Error during parsing: not a manifest: it is nested too deeply',
      place: 'cm.yaml:1:1'
    }
  ]
  for (const { manifest, message, place } of cases) {
    const error = thrownBy(CorefileError, () => extractCorefile(manifest, 'cm.yaml'))
    if (typeof message === 'string') t.equal(error.message, message)
    else t.match(error.message, message)
    t.equal(placeOf(error), place, error.message)
    t.equal(error.code, 'FILE')
    t.ok(error.hint)
  }
  t.end()
})

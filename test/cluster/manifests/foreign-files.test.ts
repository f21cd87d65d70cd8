// Files beside an application's manifests: which are none, and what is said of them.
import { resolve } from 'node:path'
import t from 'tap'
import { whyForeign } from '../../../src/cluster/manifests/foreign-files.ts'
import { MemoryFiles } from './harness.ts'

const object = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n'

const cases: [name: string, path: string, text: string, says: RegExp | undefined][] = [
  ['a manifest', 'web.yaml', object, undefined],
  ['a manifest in JSON', 'web.json', '{"apiVersion":"v1","kind":"Service"}', undefined],
  ['a manifest without apiVersion: a mistake to be told', 'web.yaml', 'kind: Service\n', undefined],
  ['prose around a manifest: a mistake to be told', 'web.yaml', `Look:\n\n${object}`, undefined],
  ['a list item', 'web.yaml', 'items:\n- kind: Service\n', undefined],
  ['nothing', 'web.yaml', ' \n', undefined],
  ['nothing but comments', 'web.yaml', '# kind of\n---\n\n  # later\n', undefined],
  ['a saved page: a mistake to be told', 'web.yaml', '<!DOCTYPE html>\n<html>\n', undefined],
  ['settings', 'docker-compose.yml', 'services:\n  web: {image: nginx}\n', /^no Kubernetes object in it/],
  ['an action of a template', 'web.yaml', `{{- if .Values.web }}\n${object}{{- end }}\n`, /^a Helm template/],
  ['a value of a template', 'web.yaml', object.replace('web', '{{ .Release.Name }}'), /^a Helm template/],
  ['an item of a template', 'web.yaml', `${object}x:\n  - {{ .Values.x }}\n`, /^a Helm template/],
  ['a text with braces', 'web.yaml', object.replace('web', '"{{ name }}"'), undefined],
  ['braces inside of a text', 'web.yaml', `${object}note: high {{ $value }}\n`, undefined],
  ['a template in a block', 'web.yaml', `${object}rules: |\n  {{ $labels.x }}\n  y: {{ z }}\n`, undefined],
  ['a template in a folded item', 'web.yaml', `${object}rules:\n- >-\n  {{ $labels.x }}\n`, undefined],
  ['a template behind a block', 'web.yaml', `rules: |\n  x\n${object}x: {{ y }}\n`, /^a Helm template/],
  ['a comment with braces', 'web.yaml', `# {{ x }}\n${object}`, undefined],
  [
    'a kustomization',
    'prod/kustomization.yaml',
    'resources: [../base]\n',
    /kubectl kustomize prod \| labdns serve --apps -$/
  ],
  ['one here', 'kustomization.yml', object, /kubectl kustomize \. \| labdns serve --apps -$/],
  [
    'a chart',
    'my charts/web/Chart.yaml',
    'apiVersion: v2\nname: web\n',
    /helm template 'my charts\/web' \| labdns serve --apps -$/
  ],
  ['its values', 'my charts/web/values-prod.yaml', 'a: 1\n', /^part of a Helm chart/],
  ['its templates, rendered or not', 'my charts/web/templates/a/b.yaml', object, /^part of a Helm chart/],
  ['a chart in a chart', 'my charts/web/charts/db/values.yaml', 'a: 1\n', /^part of a Helm chart/],
  ['a manifest beside a chart', 'my charts/web/web.yaml', object, undefined],
  ['a folder of templates that is in no chart', 'templates/web.yaml', object, undefined]
]

t.test('files', t => {
  const files = new MemoryFiles({ 'my charts/web/Chart.yaml': 'apiVersion: v2\n' })
  for (const [name, path, text, says] of cases) {
    const why = whyForeign(resolve(path), text, files)
    if (says === undefined) t.equal(why, undefined, name)
    else t.match(why, says, name)
  }
  t.end()
})

t.test('a long line of blanks costs no time', t => {
  const text = `${' '.repeat(200_000)}x\n`.repeat(3)
  const from = performance.now()
  t.match(whyForeign(resolve('x.yaml'), text, new MemoryFiles({})), /^no Kubernetes object/)
  t.ok(performance.now() - from < 2000)
  t.end()
})

// The example of docs/experiment.md, run again: what the document, the page beside it and the file say is what comes out.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import type { ExperimentResult } from '../../../src/experiment/result.ts'
import { htmlReport } from '../../../src/experiment/report/html.ts'

const root = new URL('../../../../', import.meta.url).pathname
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const manual = read('docs/experiment.md')

/** A release alone makes no other page. */
const withoutVersion = (text: string) => text.replace(/labdns \d+\.\d+\.\d+[\w.+-]*/g, 'labdns')

t.test('the example of the manual', async t => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-example-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const [, command = '', shown = ''] =
    /^```console\n\$ npx labdns (experiment docs\/examples\/experiment\.yaml .*)\n([\s\S]*?)^```$/m.exec(
      manual
    ) ?? []
  t.not(command, '', 'the command is there')
  const json = path.join(folder, 'result.json')
  const html = path.join(folder, 'page.html')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(root, 'build/src/cli/labdns.js'), ...command.split(' '), '--json', json, '--html', html],
    { cwd: root, timeout: 30_000 }
  )
  t.equal(stdout, shown, 'prints what the manual shows')

  const page = readFileSync(html, 'utf8')
  t.equal(
    withoutVersion(page),
    withoutVersion(read('docs/examples/experiment.html')),
    `the page is the one of docs/examples: else npx labdns ${command} --html docs/examples/experiment.html`
  )
  const result = JSON.parse(readFileSync(json, 'utf8')) as ExperimentResult
  const { spec } = result
  const known = { ...spec, exists: spec.exists ?? undefined, server: spec.server ?? undefined }
  const least = result.least.map(each => ({ ...each, ndots: each.ndots ?? undefined }))
  t.equal(htmlReport({ ...result, spec: known, least }), page, 'the JSON has all that the page says')

  t.test('comes to what these resolvers are known to do', t => {
    // resolver-semantics: musl doesn't search once a name has ndots dots; glibc does after it asked for the name as it is.
    const broken = (resolver: string, ndots: number) =>
      result.settings.find(
        ({ setting }) => setting.resolver === resolver && setting.ndots === ndots && !setting.autopath
      )?.broken
    t.same(broken('musl-1.2.5', 1), [
      ...['mysql-0.mysql-headless', 'database.production', 'orders-db.shop', 'web.shop.svc']
    ])
    t.same(broken('musl-1.2.5', 2), ['web.shop.svc'])
    t.same(broken('musl-1.2.5', 3), [])
    for (const ndots of [1, 2, 3, 5]) t.same(broken('glibc-2.36', ndots), [])
    t.same(result.nowhere, ['databse.production'])
    t.end()
  })
})

t.test('the manual shows the file as it is', t => {
  const [, shown = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(manual) ?? []
  t.equal(shown, read('docs/examples/experiment.yaml'))
  t.end()
})

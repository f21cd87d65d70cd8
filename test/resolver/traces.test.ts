// Every recorded lookup of a real resolver is reproduced by its model: queries, result, error and the times of retries.
import t from 'tap'
import { resolverModel } from '../../src/resolver/registry.ts'
import { differences, readTraces, replay, type Trace } from '../support/resolver-traces.ts'

const fixtures = new URL('../../../test/fixtures/vectors/', import.meta.url).pathname
const files = readTraces(`${fixtures}resolver-traces`)
const moreFiles = readTraces(`${fixtures}resolver-runs`)

t.test('recorded lookups', t => {
  let compared = 0
  for (const [file, traces] of [...files, ...moreFiles]) {
    const found = traces.flatMap(trace => differences(trace).map(difference => `${trace.id}: ${difference}`))
    compared += traces.length
    t.same(found, [], `${file}: ${traces.length} lookups`)
  }
  t.equal(compared, 1084 + 660, 'all of them')
  t.end()
})

t.test('the comparison sees what differs', t => {
  const trace = files.get('glibc-2.36.json')!.find(each => each.id === 'ns2-first-timeout')!
  const changed = (change: (copy: Trace) => void) => {
    const copy = structuredClone(trace)
    change(copy)
    return differences(copy).join('; ')
  }
  t.equal(
    changed(() => undefined),
    ''
  )
  const [first, , third] = trace.queries
  t.match(
    changed(copy => (copy.queries[0] = { ...first!, name: 'other.example.' })),
    /query 1/
  )
  t.match(
    changed(copy => (copy.queries[2] = { ...third!, tMs: 1200 })),
    /query 3.*at 1000 ms, recorded 1200/
  )
  t.match(
    changed(copy => copy.queries.pop()),
    /query 4.*recorded nothing/
  )
  t.match(
    changed(copy => (copy.queries[1] = { ...first!, edns: 1200 })),
    /query 2/
  )
  t.match(
    changed(copy => (copy.result.error = 'EAI_AGAIN')),
    /error/
  )
  t.match(
    changed(copy => (copy.result.addresses = [])),
    /addresses/
  )
  t.match(
    changed(copy => (copy.result.ok = false)),
    /ok/
  )
  t.end()
})

t.test('the steps of a walk cover its queries', t => {
  for (const trace of files.get('glibc-2.36.json')!) {
    const result = replay(trace)!
    const counted = result.steps.reduce((sum, step) => sum + step.queryCount, 0)
    t.equal(counted, result.queries.length, trace.id)
    for (const step of result.steps) {
      const own = result.queries.slice(step.firstQuery, step.firstQuery + step.queryCount)
      t.ok(
        own.every(query => query.name === step.name),
        `${trace.id}: ${step.name}`
      )
    }
  }
  t.end()
})

t.test('every model says what it is and where that is known from', t => {
  const ids = [...files.values()].flat().map(trace => trace.id)
  for (const client of new Set([...files.values()].flat().map(trace => trace.client))) {
    const model = resolverModel(client)
    t.ok(model, client)
    t.ok(model?.program, `${client} is a program`)
    t.ok((model?.sources.length ?? 0) > 0, `${client} has sources`)
    for (const pattern of model?.sources.flatMap(source => source.recorded ?? []) ?? []) {
      const prefix = pattern.replace(/\*$/, '')
      t.ok(
        ids.some(id => (pattern.endsWith('*') ? id.startsWith(prefix) : id === prefix)),
        `${client}: there are recordings ${pattern}`
      )
    }
  }
  t.end()
})

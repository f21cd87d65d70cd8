// Application folders in the shapes that people publish: every name means what the manifests say, on every machine, in any
// order of files, and whatever else is added.
import ipaddr from 'ipaddr.js'
import t, { type Test } from 'tap'
import { addressFamily } from '../../../src/cluster/values.ts'
import { ALWAYS, SHAPES, type Row } from './shapes/expected.ts'
import { folderNames, reverseName, serveTexts, textsOf, type Served, type Texts } from './shapes/folder.ts'

const ZONE = 'cluster.local.'
const absolute = (name: string) => (/\.(?:svc|pod)$/.test(name) ? `${name}.${ZONE}` : name)
const SERVICE_RANGES = ['10.96.0.0/12', 'fd00:10:96::/112']
const POD_RANGES = ['10.244.0.0/16', 'fd00:10:244::/56']
const isIn = (address: string, ranges: readonly string[]) =>
  ranges.some(range => {
    const [network, prefix] = ipaddr.parseCIDR(range)
    const parsed = ipaddr.parse(address)
    return parsed.kind() === network.kind() && parsed.match(network, prefix)
  })

/** The addresses that words such as `svc shop/web` and `pods shop/web- 3` mean. Throws when they mean none. */
function addresses(served: Served, words: string): string[] {
  const [what = '', name = '', count = '1'] = words.split(' ')
  const family = what.endsWith('6') ? 'IPv6' : 'IPv4'
  const isService = what.startsWith('svc')
  const found = isService
    ? served.clusterIPs(name).filter(each => addressFamily(each) === family)
    : served.pods(name).flatMap(pod => pod.podIPs.filter(each => addressFamily(each) === family))
  if (found.length !== Number(count)) throw new Error(`${words}: there are ${found.length}`)
  if (new Set(found).size !== found.length) throw new Error(`${words}: one address twice`)
  const ranges = isService ? SERVICE_RANGES : POD_RANGES
  for (const address of found) {
    if (isIn(address, ranges) === (what === 'nodes')) throw new Error(`${words}: ${address} is out of range`)
  }
  return found
}

/** What an expectation means here, each record as text. */
function expand(served: Served, type: string, data: string): string[] {
  if (data === 'NXDOMAIN' || data === 'NODATA') return [data]
  if (type === 'SRV') {
    const [, port = '', words, service = ''] = /^(\d+) (?:(pods .*) of )?(\S+)$/.exec(data) ?? []
    if (words === undefined) return [`${port} ${absolute(service)}`]
    const pods = served.pods(words.split(' ')[1] ?? '')
    if (pods.length !== Number(words.split(' ')[2])) throw new Error(`${words}: there are ${pods.length}`)
    return pods.map(({ pod }) => `${port} ${pod.podIP.replaceAll(/[.:]/g, '-')}.${absolute(service)}`)
  }
  return /^(?:svc6?|pods?6?|nodes) /.test(data) ? addresses(served, data) : [absolute(data)]
}

function checkRow(t: Test, served: Served, [asked, type, ...data]: Row): void {
  const label = `${asked} ${type}`
  if (type === 'POD') {
    const [, name = '', count] = asked.split(' ')
    const pods = served.pods(name)
    t.equal(pods.length, Number(count), label)
    for (const { pod } of pods) {
      const dashed = `${pod.podIP.replaceAll('.', '-')}.${pod.namespace}.pod.${ZONE}`
      t.same(served.ask(dashed, 'A'), [pod.podIP], `${label}: ${pod.name}`)
    }
    return
  }
  const expected = data.flatMap(each => expand(served, type, each)).sort()
  const isPod = asked.startsWith('pod ')
  const isAddress = isPod || /^svc6? /.test(asked) || addressFamily(asked) !== undefined
  const name = isAddress
    ? reverseName(asked.includes(' ') ? (addresses(served, asked)[0] as string) : asked)
    : absolute(asked)
  const actual = served.ask(name, type)
  if (isPod) t.ok(actual.includes(expected[0] as string), `${label}: ${actual.join(' ')}`)
  // Priority and weight left out.
  else t.same(type === 'SRV' ? withoutWeights(actual) : actual, expected, label)
}

const withoutWeights = (data: readonly string[]): string[] =>
  data.map(each => each.replace(/^\d+ \d+ (?=\d+ )/, '')).sort()

t.same(Object.keys(SHAPES).sort(), [...folderNames].sort(), 'every folder has its table')
t.ok(folderNames.length >= 20)

for (const [folder, { rows, nodes, said = [], warned = [], shown = [] }] of Object.entries(SHAPES)) {
  t.test(folder, async t => {
    const texts = textsOf(folder)
    const served = await serveTexts(texts, undefined, nodes)
    const troubles = served.log.filter(line => /^(?:warn|error)/.test(line))
    const places = troubles.map(
      line => /^warn: app\/(\S+:\d+):\d+: (\w+ \S+):/.exec(line)?.slice(1).join(' ') ?? line
    )
    t.same(places.sort(), [...warned].sort(), 'what is doubtful is said, and nothing else')
    for (const piece of said)
      t.ok(
        served.log.some(line => line.includes(piece)),
        piece
      )
    for (const row of [...ALWAYS, ...rows]) checkRow(t, served, row)
    for (const [service, column, text] of shown) {
      const cell = served.serviceCell(service, column)
      if (typeof text === 'string') t.equal(cell, text, service)
      else t.match(cell, text, service)
    }

    const names = served.names()
    t.ok(names.length > 10, 'names')
    const again = await serveTexts(texts, undefined, nodes)
    t.same(again.names(), names, 'the same on the second run')
    const turned = turnedRound(texts)
    const reversed = await serveTexts(turned, Object.keys(turned), nodes)
    t.same(reversed.names(), names, 'the same in another order')

    const more = await serveTexts({ ...texts, 'aaa-more.yaml': MORE }, undefined, nodes)
    const has = new Set(more.names())
    t.same(
      names.filter(line => !has.has(line)),
      [],
      'an added Service moves nothing'
    )
    t.ok(has.size > names.length, 'and is there')
  })
}

/** Nothing that needs an address may be in the way of others: first by file name, and by name. */
const MORE = ['aaa-added', 'm-added', 'zzz-added']
  .map(name => `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: 80}]}\n`)
  .join('---\n')

/** The last file first, and in each the last document. Those of a chart have to keep their names. */
function turnedRound(texts: Texts): Texts {
  const entries = Object.entries(texts).reverse()
  return Object.fromEntries(
    entries.map(([name, text]) => {
      const documents = text.split(/^---$/m)
      return [name, name.endsWith('.yaml') ? documents.reverse().join('\n---\n') : text]
    })
  )
}

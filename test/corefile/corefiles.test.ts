// The Corefiles of real distributions, byte for byte: every one is understood.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { loadCorefile } from '../../src/corefile/load.ts'
import { systemFiles } from '../../src/runtime/files.ts'
import { DIRECTIVES, fixturePath } from './support.ts'

/** `KEYS: directives, …` of each block; what is not listed here is only loaded. */
const known: Readonly<Record<string, readonly string[]>> = {
  'kubeadm.Corefile': [
    'dns://.:53: errors health ready kubernetes prometheus forward cache loop reload loadbalance'
  ],
  'kubespray.Corefile': [
    'dns://.:53: errors health ready kubernetes prometheus forward cache loop reload loadbalance'
  ],
  'kubespray-options.Corefile': [
    'dns://example.com.:53 dns://example.io.:1053: log errors rewrite forward loadbalance cache reload hosts',
    'dns://.:53: errors health ready kubernetes prometheus forward k8s_external cache loop reload loadbalance hosts'
  ],
  'nodelocaldns.Corefile': [
    'dns://cluster.local.:53: errors cache reload loop bind forward prometheus health',
    'dns://in-addr.arpa.:53: errors cache reload loop bind forward prometheus',
    'dns://ip6.arpa.:53: errors cache reload loop bind forward prometheus',
    'dns://.:53: errors cache reload loop bind forward prometheus'
  ],
  'aks.Corefile': [
    'dns://.:53: errors ready health kubernetes prometheus forward cache loop reload loadbalance hosts log template',
    'dns://example.com.:53: forward',
    'dns://internal.cloudapp.net.:53: errors cache forward',
    'dns://reddog.microsoft.com.:53: errors cache forward',
    'dns://puglife.local.:53: errors cache forward',
    'dns://example.com.:53: log errors rewrite forward',
    'dns://abc.com.:53: errors cache forward',
    'dns://my.cluster.local.:53: errors cache forward'
  ],
  'minikube.Corefile': [
    'dns://.:53: log errors health ready kubernetes prometheus hosts forward cache loop reload loadbalance'
  ]
}

const folder = fixturePath('corefiles/')
const names = readdirSync(folder).filter(name => name.endsWith('.Corefile'))

t.equal(names.length, 29)
for (const name of names) {
  t.test(name, async t => {
    const options = { files: systemFiles, environment: {}, knownDirectives: DIRECTIVES, folder }
    const configuration = await loadCorefile(`${folder}${name}`, options)
    t.ok(configuration.blocks.length > 0)
    t.same(configuration.notes, [])
    for (const block of configuration.blocks) {
      t.ok(block.keys.length > 0 && block.directives.size > 0)
      for (const key of block.keys) t.ok(key.name, key.zone)
      for (const directive of block.directives.values()) {
        const c = directive.dispenser()
        t.ok(c.next() && c.val() === directive.name, directive.name)
      }
    }
    if (known[name] === undefined) return t.end()
    const found = configuration.blocks.map(({ keys, directives }) => {
      const texts = keys.map(key => `${key.transport}://${key.zone}:${key.port}`)
      return `${texts.join(' ')}: ${[...directives.keys()].join(' ')}`
    })
    t.same(found, known[name])
    return t.end()
  })
}

t.test('imports of AKS come from the folder beside it', async t => {
  const options = { files: systemFiles, environment: {}, knownDirectives: DIRECTIVES, folder: '/' }
  const aks = await loadCorefile(`${folder}aks.Corefile`, options)
  t.ok(aks.blocks.length > 1, 'custom/*.server')
  t.match(aks.blocks[0]?.directives.get('hosts')?.starts[0], { file: `${folder}custom/aks-hosts.override` })
  t.same(aks.warnings, [])
  t.end()
})

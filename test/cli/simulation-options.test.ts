// The options of the simulated control plane: what they mean, and what is said of those that make no sense.
import t from 'tap'
import { readArguments } from '../../src/cli/arguments.ts'
import { simulationOptions } from '../../src/cli/simulation-options.ts'
import { PLAIN_INDEX } from '../../src/cluster/index/cluster-index.ts'
import { sourceChooser } from '../../src/cli/state.ts'
import { testRuntime } from '../support/running-app.ts'

const read = (words: string) => {
  const found = readArguments(['serve', ...words.split(' ')])
  if (found.command !== 'serve') throw new Error(JSON.stringify(found))
  return found.arguments
}

t.test('ranges and nodes', t => {
  const both = { IPv4: '10.96.0.0/12', IPv6: 'fd00:10:96::/112' }
  const pods = { IPv4: '10.244.0.0/16', IPv6: 'fd00:10:244::/56' }
  const cases: [words: string, serviceCidrs: object, podCidrs: object, nodes: number][] = [
    ['--apps x', both, pods, 1],
    ['--service-cidr 10.43.0.0/16', { ...both, IPv4: '10.43.0.0/16' }, pods, 1],
    [
      '--service-cidr 10.43.0.0/16,fd42::/112 --nodes 3',
      { IPv4: '10.43.0.0/16', IPv6: 'fd42::/112' },
      pods,
      3
    ],
    ['--pod-cidr FD42:0::/48 --pod-cidr 10.42.0.0/16', both, { IPv4: '10.42.0.0/16', IPv6: 'fd42::/48' }, 1]
  ]
  for (const [words, serviceCidrs, podCidrs, nodes] of cases) {
    t.same(simulationOptions(read(words)), { serviceCidrs, podCidrs, nodes }, words)
  }
  t.end()
})

const mistakes: [words: string, message: string][] = [
  [
    '--service-cidr 10.96.0.0',
    '--service-cidr 10.96.0.0: expected a range such as 10.96.0.0/12 or fd00:10:96::/112: 10.96.0.0 has no prefix length'
  ],
  ['--service-cidr web', '--service-cidr web: expected a range such as 10.96.0.0/12 or fd00:10:96::/112'],
  [
    '--service-cidr 10.96.300.0/16',
    '--service-cidr 10.96.300.0/16: expected a range such as 10.96.0.0/12 or fd00:10:96::/112'
  ],
  [
    '--service-cidr 10.96.0.1/12',
    '--service-cidr 10.96.0.1/12: is an address inside of 10.96.0.0/12; write 10.96.0.0/12'
  ],
  ['--service-cidr 10.0.0.0/8', '--service-cidr 10.0.0.0/8: is too large; expected a prefix from /12 to /29'],
  ['--service-cidr fd00::/64', '--service-cidr fd00::/64: is too large; expected a prefix from /108 to /125'],
  ['--pod-cidr 10.1.1.0/26', '--pod-cidr 10.1.1.0/26: is too small; expected a prefix from /8 to /24'],
  [
    '--pod-cidr 10.1.0.0/16,10.2.0.0/16',
    '--pod-cidr: 10.1.0.0/16 and 10.2.0.0/16 are both IPv4; give one range a family'
  ],
  [
    '--pod-cidr 10.96.0.0/16',
    '--service-cidr 10.96.0.0/12 and --pod-cidr 10.96.0.0/16 overlap: an address would belong to both; move one of them'
  ],
  [
    '--service-cidr 10.244.8.0/24',
    '--service-cidr 10.244.8.0/24 and --pod-cidr 10.244.0.0/16 overlap: an address would belong to both; move one of them'
  ],
  ['--nodes 0', '--nodes 0: expected a number from 1 to 5000'],
  ['--nodes 5001', '--nodes 5001: expected a number from 1 to 5000'],
  ['--nodes two', '--nodes two: expected a number from 1 to 5000'],
  ['--nodes 1.5', '--nodes 1.5: expected a number from 1 to 5000']
]
t.test('mistakes', t => {
  for (const [words, message] of mistakes) t.throws(() => simulationOptions(read(words)), { message }, words)
  t.end()
})

t.test('paths come from the command line, or else from the stanza', t => {
  const runtime = testRuntime()
  const at = { file: 'Corefile', line: 1, column: 1 }
  const stanza = {
    manifests: ['m'],
    apps: ['a'],
    endpoint: '',
    tls: [],
    kubeconfig: [],
    needs: PLAIN_INDEX,
    at
  }
  const readStandardInput = () => new Uint8Array()
  const keyOf = (words: string) => sourceChooser(read(words), runtime, { readStandardInput })(stanza).key
  t.equal(keyOf('--quiet'), keyOf('--manifests m --apps a'), 'the same files are the same source')
  t.not(keyOf('--apps a'), keyOf('--manifests a'))
  t.not(keyOf('--apps a'), keyOf('--apps a --nodes 2'), 'another control plane')
  t.equal(keyOf('--manifests a'), keyOf('--manifests a --nodes 2'), 'no control plane at all')
  const none = { ...stanza, manifests: [], apps: [] }
  const choose = sourceChooser(read('--quiet'), runtime, { readStandardInput })
  try {
    choose(none)
    t.fail('a stanza without a source')
  } catch (error) {
    t.match(error, { hint: /`--manifests FOLDER` or `--apps FOLDER`/ })
  }
  for (const words of ['--apps - --manifests -', '--apps - --apps -', '--manifests - --manifests -']) {
    const message = 'standard input (-) can be read only once: name it in one --manifests or --apps'
    t.throws(() => keyOf(words), { message }, words)
  }
  t.end()
})

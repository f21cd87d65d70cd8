import t from 'tap'
import { App } from '../../src/app.ts'
import { interpretCorefile } from '../../src/corefile/load.ts'
import { CorefileError } from '../../src/corefile/position.ts'
import { directives, isPlugin } from '../../src/plugins/order.ts'
import { fakeFiles } from '../support/fake-files.ts'
import { memoryLog } from '../support/memory-log.ts'
import { testRuntime } from '../support/running-app.ts'

/** What a configuration ends with; the log's lines where it doesn't. */
async function outcome(corefile: string, lenient = false): Promise<string> {
  const files = fakeFiles()
  const log = memoryLog()
  const { blocks } = interpretCorefile(corefile, 'Corefile', {
    files,
    environment: {},
    knownDirectives: directives
  })
  try {
    await App.create({
      blocks,
      runtime: testRuntime({ log, files }),
      build: { version: 'test', revision: '' },
      lenient,
      clusterSource: () => {
        throw new Error('no cluster here')
      }
    })
    return log.lines.join('\n')
  } catch (error) {
    if (error instanceof CorefileError) return error.message
    throw error
  }
}

const never = [
  ...[
    'geoip',
    'trace',
    'pprof',
    'dnstap',
    'tsig',
    'route53',
    'azure',
    'clouddns',
    'etcd',
    'grpc',
    'quic',
    'https3'
  ],
  ...['grpc_server', 'on', 'nomad', 'sign', 'dnssec', 'proxyproto', 'shed']
]
const watchers = ['pprof', 'trace', 'dnstap']

for (const name of never) {
  t.test(name, async t => {
    t.notOk(isPlugin(name))
    const message = `plugin/${name}: Corefile:2 - labdns does not have the plugin '${name}': take out Corefile:2`
    t.equal(await outcome(`. {\n ${name} x\n whoami\n}\n`), message)
    const lenient = watchers.includes(name)
      ? `[WARNING] labdns: there is no plugin '${name}' here, and it changes no answer: Corefile:2 left out`
      : message
    t.equal(await outcome(`. {\n ${name} x\n whoami\n}\n`, true), lenient)
  })
}

t.test('names every line, to the end of each block', async t => {
  const corefile = '. {\n geoip a {\n  edns-subnet\n }\n whoami\n geoip "b\nc"\n}\n'
  t.equal(
    await outcome(corefile),
    "plugin/geoip: Corefile:2 - labdns does not have the plugin 'geoip': take out Corefile:2-4, Corefile:6-7"
  )
})

t.test('every directive is a plugin of ours or one of these', async t => {
  t.same(
    never.filter(name => !directives.includes(name)),
    []
  )
})

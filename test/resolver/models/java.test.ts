// What Java 17's InetAddress.getAllByName makes of the C library's errors.
import t from 'tap'
import { replay, type Trace } from '../../support/resolver-traces.ts'

t.test('the words of the exception are the library’s', t => {
  for (const [reply, words] of [
    ['NXDOMAIN', 'Name or service not known'],
    ['NODATA', 'No address associated with hostname'],
    ['SERVFAIL', 'Temporary failure in name resolution']
  ] as const) {
    const result = replay({
      client: 'java-17',
      resolvConf: 'nameserver 10.96.0.10\n',
      zoneRules: [{ name: '*', type: '*', reply }] as Trace['zoneRules'],
      name: 'foo.example.',
      family: 'inet'
    } as Trace)!
    t.equal(result.error, `UnknownHostException: foo.example.: ${words}`)
    t.same(
      [...new Set(result.queries.map(({ type }) => type))],
      ['A', 'AAAA'],
      'both families, whatever is asked for'
    )
    t.equal(result.exitCode, 2)
  }
  t.end()
})

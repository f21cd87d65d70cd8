// What CoreDNS was seen to answer with *dns64*.
import t from 'tap'
import { dns64Plugin } from '../../../src/plugins/dns64/setup.ts'
import { recordedCases, replay } from '../../support/recorded-cases.ts'

for (const recorded of recordedCases('dns64.json')) {
  if (/^\s*cache\b/m.test(recorded.corefile)) continue // about *cache*
  t.test(recorded.id, t => replay(t, recorded, [dns64Plugin]))
}

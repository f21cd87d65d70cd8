// What CoreDNS was seen to answer with *template*.
import t from 'tap'
import { templatePlugin } from '../../../src/plugins/template/setup.ts'
import { recordedCases, replay } from '../../support/recorded-cases.ts'

for (const recorded of recordedCases('template.json')) {
  if (/^\s*cache\b/m.test(recorded.corefile)) continue // about *cache*
  t.test(recorded.id, t => replay(t, recorded, [templatePlugin]))
}

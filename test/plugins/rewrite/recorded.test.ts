// What CoreDNS was seen to answer with *rewrite*.
import t from 'tap'
import { rewritePlugin } from '../../../src/plugins/rewrite/setup.ts'
import { recordedCases, replay } from '../../support/recorded-cases.ts'

for (const recorded of recordedCases('rewrite.json')) {
  if (/^\s*cache\b/m.test(recorded.corefile)) continue // about *cache*
  t.test(recorded.id, t => replay(t, recorded, [rewritePlugin]))
}

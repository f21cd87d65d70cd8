// CoreDNS's recorded answers, log lines and metrics, asked of the same Corefiles in one process.
import t from 'tap'
import { directivesOf, recordedCases, replay } from '../support/recorded-cases.ts'

const SETS = ['dns64', 'hosts', 'rewrite', 'small-plugins', 'template']

/** What this test can set up; cases with anything else are asked of a whole server. */
const HERE = new Set(
  [
    'acl any bufsize cache cancel chaos debug dns64 erratic errors forward header hosts loadbalance local log metadata',
    'minimal nsid prometheus rewrite root template timeouts whoami'
  ].flatMap(line => line.split(' '))
)

for (const set of SETS) {
  for (const recorded of recordedCases(set)) {
    if (!directivesOf(recorded).every(word => HERE.has(word))) continue
    t.test(`${set}/${recorded.id}`, t => replay(t, recorded))
  }
}

// The words of `labdns experiment`.
import type { Command } from 'commander'
import { collect, given, serveArguments, surplus, withState, type Decide } from './common.ts'

export function addExperiment(command: Command, decide: Decide): void {
  withState(command)
    .description('look names up in every setting of ndots, search list, resolver and autopath, and compare')
    .usage('[FILE] [options]')
    .argument('[files...]')
    .option('--name <name>', 'a name to look up; repeatable', collect, [])
    .option('--names <file>', 'a file with a name a line, or a query log of CoreDNS or labdns')
    .option('--ndots <numbers>', 'as in 1,2,5 (default: 1,2,3,4,5)', collect, [])
    .option(
      '--search <domains>',
      'a search list, as in shop.svc.cluster.local,svc.cluster.local,cluster.local; repeatable (default: that of namespace default)',
      collect,
      []
    )
    .option('--resolver <names>', 'as in glibc,musl,go (default: glibc,musl)', collect, [])
    .option(
      '--real <programs>',
      'run these programs of this machine too, in a private namespace, as in glibc,node,python,dig; all: what is there',
      collect,
      []
    )
    .option('--autopath <settings>', 'on, off, or on,off (default: off)', collect, [])
    .option('--upstream <delay,loss>', 'as in 20ms,1%; repeatable (default: 20ms,0%)', collect, [])
    .option('--exists <names>', 'names that exist beyond the cluster (default: found out)', collect, [])
    .option('--family <family>', 'unspec (A and AAAA), inet or inet6 (default: unspec)')
    .option('--server <address>', 'ask this server, with its port where that is not 53, instead of the state')
    .option(
      '--assert <condition>',
      "as in 'queries_per_lookup<=2.5'; the exit code tells; repeatable",
      collect,
      []
    )
    .option('--json <file>', 'write everything there as JSON; - is standard output')
    .option('--csv <file>', 'write the table there as CSV')
    .option('--html <file>', 'write a report there that needs nothing else')
    .action(([file, ...rest]: string[]) => {
      const options = given(command)
      const { text, texts } = options
      const experiment = {
        file,
        name: texts('name'),
        namesFile: text('names'),
        ndots: texts('ndots'),
        search: texts('search'),
        resolver: texts('resolver'),
        real: texts('real'),
        autopath: texts('autopath'),
        upstream: texts('upstream'),
        exists: texts('exists'),
        family: text('family'),
        server: text('server'),
        assert: texts('assert'),
        json: text('json'),
        csv: text('csv'),
        html: text('html')
      }
      decide(
        rest.length > 0
          ? surplus(rest)
          : { command: 'experiment', arguments: serveArguments(options), experiment }
      )
    })
}

// The words of `labdns explain`.
import type { Command } from 'commander'
import { collect, given, serveArguments, surplus, withState, type Decide } from './common.ts'

export function addExplain(command: Command, decide: Decide): void {
  withState(command)
    .description('show every query that a resolver sends for a name, who answers it, and why')
    .usage('NAME [options]')
    .argument('[names...]')
    .option(
      '--type <types>',
      'record types; others than A and AAAA are asked without a search list (default: A,AAAA)',
      collect,
      []
    )
    .option(
      '--from <what>',
      'who asks: pod/NS/NAME, or the first Pod of deploy/NS/NAME (sts, ds, job, rs, cronjob), or ns/NS: an ordinary one there (default: ns/default)'
    )
    .option('--resolv-conf <file>', 'the resolv.conf of whoever asks, instead; - reads standard input')
    .option(
      '--resolver <name>',
      'whose walk it is: glibc, musl, dig and others; repeatable (default: glibc)',
      collect,
      []
    )
    .option('--server <address>', 'ask this server, with its port where that is not 53, instead of the state')
    .option('--json', 'print the report as JSON')
    .option('--dot', 'print the walks as a graph for Graphviz')
    .action(([name, ...rest]: string[]) => {
      const options = given(command)
      const { text, texts, value } = options
      if (name === undefined) {
        const stderr = 'error: explain needs a name, as in labdns explain web.shop\n'
        decide({ command: 'exit', code: 2, stdout: '', stderr })
        return
      }
      const explain = {
        name,
        types: texts('type'),
        from: text('from'),
        resolvConf: text('resolvConf'),
        resolvers: texts('resolver'),
        server: text('server'),
        json: value('json') === true,
        dot: value('dot') === true
      }
      decide(
        rest.length > 0 ? surplus(rest) : { command: 'explain', arguments: serveArguments(options), explain }
      )
    })
}

// The words of `labdns serve`, which is the bare command too, and of `labdns check`.
import { Option, type Command } from 'commander'
import { given, serveArguments, surplus, withState, type Decide } from './common.ts'

/** `isBare`: the command was not named. */
export function addServe(command: Command, isBare: boolean, decide: Decide): void {
  withState(command)
    .option('--pidfile <file>', 'write the process id there')
    .option(
      '--snapshot <file>',
      'keep the last state of the API server there, and serve it, with short TTLs, when that is away at the start'
    )
    .option(
      '--relist-interval <duration>',
      'how often the state is compared with the whole of the API server; 0: never (default: 10m)'
    )
    .option('--ready-file <file>', 'write {pid, dns, http} as JSON there once everything answers')
    .addOption(
      new Option('--log-format <format>', 'text as CoreDNS writes it, or one JSON object a line')
        .choices(['text', 'json'])
        .default('text')
    )
    .option('--quiet', 'print no start lines')
    .option('--plugins', 'list the plugins and exit')
    .option('--version', 'print the version and exit')
    .description('answer DNS questions (also what the bare command does)')
    .usage('[options]')
    .argument('[surplus...]')
    .action((rest: string[]) => {
      const options = given(command)
      if (options.value('version') === true) decide({ command: 'version' })
      else if (options.value('plugins') === true) decide({ command: 'plugins' })
      else if (rest.length > 0) decide(surplus(rest))
      else decide({ command: 'serve', arguments: serveArguments(options), isBare })
    })
}

export function addCheck(command: Command, decide: Decide): void {
  withState(command)
    .description('read a Corefile, set every plugin up, and print the chains that would serve')
    .argument('[corefile]')
    .action((file: string | undefined) => {
      const options = serveArguments(given(command))
      const conf = file === '-' ? 'stdin' : (file ?? options.conf)
      decide({ command: 'check', arguments: { ...options, conf } })
    })
}

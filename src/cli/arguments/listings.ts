// The words of `labdns get` and `labdns names`.
import type { Command } from 'commander'
import { given, serveArguments, surplus, withState, type Decide } from './common.ts'

export function addGet(command: Command, decide: Decide): void {
  withState(command)
    .description(
      'print the Services, endpoints, Pods and namespaces that `serve` would have, as kubectl does'
    )
    .usage('[KIND[,KIND…] [NAME…]] [options]')
    .argument('[words...]')
    .option('-n, --namespace <name>', 'the namespace to look in (default: default)')
    .option('-A, --all-namespaces', 'look in all namespaces')
    .option('-l, --selector <selector>', 'only objects with these labels, as in app=web,tier!=db')
    .option('-o, --output <format>', 'wide, name, or yaml or json, which `--manifests` takes')
    .option('--no-headers', 'print no line of heads')
    .action((words: string[]) => {
      const options = given(command)
      const { text, value } = options
      const get = {
        words,
        namespace: text('namespace'),
        allNamespaces: value('allNamespaces') === true,
        selector: text('selector'),
        output: text('output'),
        headers: value('headers') !== false
      }
      decide({ command: 'get', arguments: serveArguments(options), get })
    })
}

export function addNames(command: Command, decide: Decide): void {
  withState(command)
    .description(
      'print every name that `serve` would answer: type, data, and the file and line it comes from'
    )
    .usage('[options]')
    .argument('[surplus...]')
    .option('--zone <zone>', 'only names in this zone')
    .option('-n, --namespace <name>', 'only names of objects in this namespace')
    .option('-o, --output <format>', 'wide (TTL and the rule too) or json')
    .option('--no-headers', 'print no line of heads')
    .action((rest: string[]) => {
      const options = given(command)
      const { text, value } = options
      const names = {
        zone: text('zone'),
        namespace: text('namespace'),
        output: text('output'),
        headers: value('headers') !== false
      }
      decide(
        rest.length > 0 ? surplus(rest) : { command: 'names', arguments: serveArguments(options), names }
      )
    })
}

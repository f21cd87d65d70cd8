// The command line: commander for the commands, with CoreDNS's own flags (`-conf FILE`, one dash) understood too, so that
// labdns takes the arguments of an existing Deployment (corefile-and-plugins.md §4.1).
import { Command, CommanderError } from 'commander'
import { addExperiment } from './arguments/experiment.ts'
import { addExplain } from './arguments/explain.ts'
import type { Invocation } from './arguments/invocation.ts'
import { addGet, addNames } from './arguments/listings.ts'
import { addResolvconf } from './arguments/resolvconf.ts'
import { addCheck, addServe } from './arguments/serve.ts'

export type {
  ExperimentArguments,
  ExplainArguments,
  GetArguments,
  NamesArguments,
  ResolvconfArguments,
  ServeArguments
} from './arguments/invocation.ts'

/** CoreDNS's flags: written with one dash there. */
const GO_FLAGS = new Set(['conf', 'dns.port', 'p', 'pidfile', 'plugins', 'quiet', 'version'])

const COMMANDS = new Set(['serve', 'check', 'get', 'names', 'resolvconf', 'explain', 'experiment', 'help'])
/** Commands that take kubectl's options, with the value written right behind the letter too: `-oyaml`, `-nshop`. */
const LETTERED = new Set(['get', 'names', 'resolvconf'])

/** Reads the words after the program's name. */
export function readArguments(words: readonly string[]): Invocation {
  let invocation: Invocation | undefined
  let printed = ''
  let complaint = ''
  const decide = (decided: Invocation): void => void (invocation = decided)
  // The commands have these from the program.
  const program = new Command('labdns')
    .exitOverride()
    .configureOutput({
      writeOut: text => void (printed += text),
      writeErr: text => void (complaint += text)
    })
    .allowExcessArguments(true)
    .description(
      'A cluster DNS server that answers what CoreDNS answers, from the API server or a folder of manifests.'
    )
  addServe(program.command('serve', { isDefault: true }), !COMMANDS.has(words[0] ?? ''), decide)
  addCheck(program.command('check'), decide)
  addGet(program.command('get'), decide)
  addNames(program.command('names'), decide)
  addResolvconf(program.command('resolvconf'), decide)
  addExplain(program.command('explain'), decide)
  addExperiment(program.command('experiment'), decide)
  const goFlags = LETTERED.has(words[0] ?? '') ? words.map(lettered) : words.map(goFlag)
  try {
    program.parse(goFlags, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { command: 'exit', code: 0, stdout: printed, stderr: '' }
    const usage = program.helpInformation()
    return { command: 'exit', code: 2, stdout: '', stderr: `${goComplaint(error, complaint)}\n${usage}` }
  }
  return invocation ?? { command: 'exit', code: 0, stdout: printed, stderr: complaint }
}

/** `-conf` and `-conf=x` to `--conf` and `--conf=x`; anything else stays. */
function goFlag(word: string): string {
  const name = /^-([a-z][a-z.-]*)(?:=|$)/.exec(word)?.[1]
  if (name === undefined || name === 'h') return word
  if (name === 'p') return word.replace(/^-p=/, '-p')
  if (name === 'help') return '--help'
  // An unknown word behind one dash is one flag, not a bundle of letters.
  return GO_FLAGS.has(name) || name.length > 1 ? `-${word}` : word
}

/** As `goFlag`, where one dash may also begin a letter and its value. */
function lettered(word: string): string {
  const name = /^-([a-z][a-z.-]*)(?:=|$)/.exec(word)?.[1]
  return name !== undefined && (GO_FLAGS.has(name) || name === 'help') ? goFlag(word) : word
}

function goComplaint(error: CommanderError, complaint: string): string {
  const flag = /'-?-?([^' <]+)/.exec(error.message.replace(/-p, --dns\.port/, '--dns.port'))?.[1] ?? ''
  if (error.code === 'commander.unknownOption')
    return `flag provided but not defined: -${flag.replace(/^-+/, '').replace(/=.*/, '')}`
  if (error.code === 'commander.optionMissingArgument') return `flag needs an argument: -${flag}`
  return complaint.trimEnd()
}

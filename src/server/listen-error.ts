// A port that can't be had: CoreDNS's text first, then what a person can do about it.
import { portHolder, type PortHolder } from './port-holder.ts'

/** A message to print as it is. */
export class ListenError extends Error {}

export interface ListenAttempt {
  /** Empty: every address. */
  readonly address: string
  readonly port: number
  /** The words after the program's name, for the command to type instead. */
  readonly words: readonly string[]
}

const GO_TEXTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address'
}

/** Ports that need no privilege and are rarely taken: the second one where the first is what can't be had. */
const FREE_PORTS = [1053, 2053] as const

/**
 * The operating system's error of opening a listener, told as CoreDNS tells it, with our advice in lines that begin with
 * four blanks and `| `. `holderOf` finds who has the port.
 */
export function explainListenError(
  error: unknown,
  attempt: ListenAttempt,
  holderOf: (port: number) => PortHolder | undefined = portHolder
): Error {
  const { code, syscall } = error as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : GO_TEXTS[code]
  if (reason === undefined || !(error instanceof Error))
    return error instanceof Error ? error : new Error(String(error))
  const transport = syscall === 'bind' ? 'udp' : 'tcp'
  const host = attempt.address.includes(':') ? `[${attempt.address}]` : attempt.address
  const advice = adviceFor(code ?? '', attempt, holderOf)
  const lines = [
    `Listen: listen ${transport} ${host}:${attempt.port}: bind: ${reason}`,
    ...advice.map(line => `    | ${line}`)
  ]
  return new ListenError(lines.join('\n'))
}

function adviceFor(
  code: string,
  attempt: ListenAttempt,
  holderOf: (port: number) => PortHolder | undefined
): string[] {
  const instead = `try another one: labdns ${movedCommand(attempt)}`
  switch (code) {
    case 'EACCES':
      return [`ports below 1024 need a privilege (root, or CAP_NET_BIND_SERVICE)`, instead]
    case 'EADDRNOTAVAIL':
      return [`${attempt.address} is not an address of this machine: look at the bind line, or at --listen`]
    default: {
      const holder = holderOf(attempt.port)
      if (holder === undefined)
        return [`another server holds port ${attempt.port}; as root, \`ss -lptun\` tells which`, instead]
      const who = `port ${attempt.port} is held by ${holder.name} (process ${holder.pid})`
      if (holder.name === 'systemd-resolve') {
        return [
          who,
          "it is this machine's own resolver: leave it there and bind another address or port",
          instead
        ]
      }
      return [who, instead]
    }
  }
}

/** The person's own words with `--listen` added or replaced. */
function movedCommand({ words, port }: ListenAttempt): string {
  const kept: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string
    if (word === '--listen') i++
    else if (!word.startsWith('--listen='))
      kept.push(/^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
  }
  if (kept[0] !== 'serve') kept.unshift('serve')
  return `${kept.join(' ')} --listen 127.0.0.1:${port === FREE_PORTS[0] ? FREE_PORTS[1] : FREE_PORTS[0]}`
}

// dig, host and nslookup of BIND, and the nslookup of BusyBox: called as the recordings call them.
import { here, type Machine, type Outcome, type Output, type Recipe } from './program.ts'

/** The version that one of BIND's tools names. */
function bindVersion(machine: Machine, command: readonly string[]): string | undefined {
  const said = machine.run(command)
  return /(\d+\.\d+\.\d+)/.exec(`${said?.stdout ?? ''}${said?.stderr ?? ''}`)?.[1]
}

/** Exit code 9 is no reply at all. */
export function readDig({ exitCode, stdout }: Output): Outcome {
  const status = [...stdout.matchAll(/status: (\w+)/g)].at(-1)?.[1]
  if (exitCode !== 0 || status === undefined) return { error: `exit ${exitCode}`, addresses: [] }
  if (status !== 'NOERROR') return { error: status, addresses: [] }
  const addresses = [...stdout.matchAll(/^[^;\n]*\sIN\s+(?:A|AAAA)\s+(\S+)$/gm)].map(
    ([, address = '']) => address
  )
  return { error: addresses.length === 0 ? 'NODATA' : null, addresses }
}

export function readHost({ exitCode, stdout, stderr }: Output): Outcome {
  const addresses = [...stdout.matchAll(/ has (?:IPv6 )?address (\S+)$/gm)].map(([, address = '']) => address)
  if (addresses.length > 0) return { error: null, addresses }
  const rcode = /not found: \d+\((\w+)\)/.exec(stdout)?.[1]
  return {
    error: rcode ?? unanswered(`${stdout}${stderr}`) ?? (exitCode === 0 ? 'NODATA' : `exit ${exitCode}`),
    addresses
  }
}

/** Both nslookups: the first address printed is the server's. */
export function readNslookup({ exitCode, stdout, stderr }: Output): Outcome {
  const [, ...rest] = stdout.split(/\n\s*\n/)
  const text = rest.join('\n')
  const addresses = [...text.matchAll(/^Address(?: \d+)?: (\S+)/gm)].map(([, address = '']) => address)
  if (addresses.length > 0) return { error: null, addresses }
  const said = /can't find [^\n]*: ([^\n]+)$/im.exec(stdout)?.[1]
  const error = said ?? unanswered(`${stdout}${stderr}`) ?? (exitCode === 0 ? 'NODATA' : `exit ${exitCode}`)
  return { error, addresses }
}

function unanswered(text: string): string | undefined {
  if (/timed out/.test(text)) return 'timed out'
  return /connection refused/i.test(text) ? 'refused' : undefined
}

const dig: Recipe = {
  word: 'dig',
  find(machine) {
    const version = bindVersion(machine, ['dig', '-v'])
    if (version === undefined) return 'dig (bind9-dnsutils) is not installed'
    return {
      resolver: here(`dig-${version}`),
      model: 'dig-9.18',
      call: `dig +search +tries=1 +time=1 (${version})`,
      command: (name, family) => [
        ...['dig', '-r', '+search', '+tries=1', '+time=1', '-t', family === 'inet6' ? 'AAAA' : 'A'],
        ...['-q', name]
      ],
      read: readDig
    }
  }
}

const host: Recipe = {
  word: 'host',
  find(machine) {
    const version = bindVersion(machine, ['host', '-V'])
    if (version === undefined) return 'host (bind9-host) is not installed'
    return {
      resolver: here(`host-${version}`),
      model: 'host-9.18',
      call: `host -W 1 -R 1 (${version})`,
      command: name => ['host', '-W', '1', '-R', '1', name],
      read: readHost
    }
  }
}

const nslookup: Recipe = {
  word: 'nslookup',
  find(machine) {
    const version = bindVersion(machine, ['nslookup', '-version'])
    if (version === undefined) return "BIND's nslookup (bind9-dnsutils) is not installed"
    return {
      resolver: here(`nslookup-${version}`),
      model: 'nslookup-9.18',
      call: `nslookup -timeout=1 -retry=0 (${version})`,
      command: name => ['nslookup', '-timeout=1', '-retry=0', name],
      read: readNslookup
    }
  }
}

const busybox: Recipe = {
  word: 'busybox',
  find(machine) {
    const said = machine.run(['busybox', 'nslookup'])
    const [, version, minor] =
      /BusyBox v(\d+\.(\d+)\.\d+)/.exec(`${said?.stdout ?? ''}${said?.stderr ?? ''}`) ?? []
    if (version === undefined) return 'busybox with nslookup is not installed'
    return {
      resolver: here(`busybox-${version}-nslookup`),
      model: Number(minor) >= 37 ? 'busybox-1.37-nslookup' : 'busybox-1.35-nslookup',
      call: `busybox nslookup (${version})`,
      command: name => ['busybox', 'nslookup', name],
      read: readNslookup
    }
  }
}

export const bindTools: readonly Recipe[] = [dig, host, nslookup, busybox]

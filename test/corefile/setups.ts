// Set-ups of plugins cut down to how they read words and refuse them: enough to hold the dispenser and the value readers
// against what CoreDNS said. Not the plugins' own set-ups.
import { parseAddressPort, parseCidr, parseIp, splitHostPort } from '../../src/corefile/addresses.ts'
import type { Dispenser } from '../../src/corefile/dispenser.ts'
import { withPluginName } from '../../src/corefile/dispenser.ts'
import {
  parseDuration,
  parseInteger,
  parseUnsigned,
  quoteText,
  type Parsed
} from '../../src/corefile/values.ts'
import { readZones } from '../../src/corefile/zones.ts'

type Setup = (c: Dispenser) => void
type Lines = Readonly<Record<string, (c: Dispenser) => void>>

/** The value, or an error that CoreDNS prints without a place. */
function need<T>(c: Dispenser, parsed: Parsed<T>, wrap = (text: string): string => text): T {
  if (parsed.error !== undefined) throw c.bareErr(wrap(parsed.error))
  return parsed.value
}

function block(c: Dispenser, lines: Lines): number {
  let count = 0
  for (; c.nextBlock(); count++) {
    const read = lines[c.val()]
    if (read === undefined) throw c.unknownProperty(Object.keys(lines))
    read(c)
  }
  return count
}

const exactly =
  (count: number, read: (c: Dispenser, args: readonly string[]) => void = () => undefined) =>
  (c: Dispenser): void => {
    const args = c.remainingArgs()
    if (args.length !== count) throw c.argErr()
    read(c, args)
  }

const atLeast =
  (count: number, read: (c: Dispenser, args: readonly string[]) => void = () => undefined) =>
  (c: Dispenser): void => {
    const args = c.remainingArgs()
    if (args.length < count) throw c.argErr()
    read(c, args)
  }

/** A directive with at most one argument that is an address, and a block. */
const withAddress =
  (lines: Lines, once: boolean): Setup =>
  c => {
    for (let nth = 0; c.next(); nth++) {
      if (once && nth > 0) throw c.onceErr()
      const args = c.remainingArgs()
      if (args.length > 1) throw c.argErr()
      if (args[0] !== undefined) need(c, splitHostPort(args[0]))
      block(c, lines)
    }
  }

const noArguments: Setup = c => {
  for (let nth = 0; c.next(); nth++) {
    if (nth > 0) throw c.onceErr()
    if (c.nextArg()) throw c.argErr()
  }
}

const ttl = (c: Dispenser, text: string): void => {
  const value = need(c, parseInteger(text))
  if (value <= 0) throw c.bareErr(`cache TTL can not be zero or negative: ${value}`)
}

const atMost =
  (count: number): Setup =>
  c => {
    while (c.next()) if (c.remainingArgs().length > count) throw c.argErr()
  }

export const setups: Readonly<Record<string, Setup>> = {
  errors(c) {
    for (let nth = 0; c.next(); nth++) {
      if (nth > 0) throw c.onceErr()
      const [file, ...more] = c.remainingArgs()
      if (more.length > 0) throw c.argErr()
      if (file !== undefined && file !== 'stdout') throw c.errf(`invalid log file: ${file}`)
      while (c.nextBlock()) {
        if (c.val() === 'stacktrace') continue
        if (c.val() !== 'consolidate') throw c.syntaxErr(`Unknown field ${c.val()}`)
        const [period, pattern, ...options] = c.remainingArgs()
        if (period === undefined || pattern === undefined) throw c.argErr()
        const parsed = parseDuration(period)
        if (parsed.error !== undefined) throw c.errf(parsed.error)
        const levels = options.filter(option => option !== 'show_first')
        if (levels.length > 1) throw c.errf('multiple log levels specified in consolidate')
      }
    }
  },
  log(c) {
    while (c.next()) {
      c.remainingArgs()
      block(c, { class: atLeast(1) })
    }
  },
  health: withAddress(
    {
      lameduck: exactly(1, (c, [text = '']) => {
        need(c, parseDuration(text), error => `unable to parse lameduck duration value: '${text}' : ${error}`)
      })
    },
    false
  ),
  ready: withAddress(
    {
      monitor: exactly(1, (c, [type]) => {
        if (type !== 'until-ready' && type !== 'continuously')
          throw c.errf(`monitor type '${type ?? ''}' not supported`)
      })
    },
    true
  ),
  prometheus: withAddress({ runtime_metrics: exactly(0) }, true),
  forward(c) {
    while (c.next()) {
      if (!c.nextArg()) throw c.argErr()
      const from = c.val()
      if (readZones(from).length === 0) throw c.bareErr(`unable to normalize '${from}'`)
      const to = c.remainingArgs()
      if (to.length === 0) throw c.argErr()
      block(c, {
        except: atLeast(1),
        policy(c) {
          if (!c.nextArg()) throw c.argErr()
          if (!['random', 'round_robin', 'sequential'].includes(c.val()))
            throw c.errf(`unknown policy '${c.val()}'`)
        },
        max_fails(c) {
          if (!c.nextArg()) throw c.argErr()
          need(c, parseUnsigned(c.val(), 32))
        },
        health_check(c) {
          if (!c.nextArg()) throw c.argErr()
          need(c, parseDuration(c.val()))
          while (c.nextArg())
            if (c.val() !== 'no_rec') throw c.bareErr(`health_check: unknown option ${c.val()}`)
        },
        max_concurrent(c) {
          if (!c.nextArg()) throw c.argErr()
          const most = need(c, parseInteger(c.val()))
          if (most < 0) throw c.bareErr(`max_concurrent can't be negative: ${most}`)
        },
        tls(c) {
          if (c.remainingArgs().length > 3) throw c.argErr()
        },
        source_address: exactly(1, (c, [text = '']) => {
          if (parseIp(text) === undefined) throw c.errf(`invalid IP address: ${text}`)
        }),
        next: atLeast(1),
        resolver: atLeast(1),
        failover: atLeast(1)
      })
      if (to.length > 15) throw c.bareErr(`more than 15 TOs configured: ${to.length}`)
    }
  },
  cache(c) {
    for (let nth = 0; c.next(); nth++) {
      if (nth > 0) throw c.onceErr()
      const [first] = c.remainingArgs()
      if (first !== undefined && parseInteger(first).error === undefined) ttl(c, first)
      const capacity = atLeast(1, (c, [size = '', longest]) => {
        need(c, parseInteger(size))
        if (longest !== undefined) ttl(c, longest)
      })
      while (c.nextBlock()) {
        const lines: Lines = {
          success: capacity,
          denial: capacity,
          servfail: exactly(1, (c, [text = '']) => {
            if (need(c, parseDuration(text)) < 0) throw c.bareErr('invalid negative ttl for servfail')
          }),
          disable: atLeast(1),
          prefetch: atLeast(1),
          serve_stale(c) {
            const [age] = c.remainingArgs()
            if (age !== undefined) need(c, parseDuration(age))
          }
        }
        const read = lines[c.val()]
        if (read === undefined) throw c.argErr()
        read(c)
      }
    }
  },
  loop: noArguments,
  local(c) {
    while (c.next()) if (c.remainingArgs().length > 0) throw c.argErr()
  },
  reload(c) {
    c.next()
    const [interval, jitter] = c.remainingArgs()
    if (interval !== undefined && need(c, parseDuration(interval)) < 2000) {
      throw c.bareErr('interval value must be greater or equal to 2s')
    }
    if (jitter === undefined) return
    const ms = need(c, parseDuration(jitter))
    if (ms !== 0 && ms < 1000) throw c.bareErr('jitter value must be 0 or greater or equal to 1s')
  },
  hosts(c) {
    for (let nth = 0; c.next(); nth++) {
      if (nth > 0) throw c.onceErr()
      c.remainingArgs()
      while (c.nextBlock()) {
        if (c.val() !== 'ttl') continue
        const [text] = c.remainingArgs()
        if (text === undefined) throw c.errf('ttl needs a time in second')
        if (parseInteger(text).error !== undefined) throw c.errf('ttl needs a number of second')
      }
    }
  },
  cancel(c) {
    while (c.next()) {
      const [text] = c.remainingArgs()
      if (text === undefined) continue
      const parsed = parseDuration(text)
      if (parsed.error !== undefined) throw c.bareErr(`invalid duration: ${quoteText(text)}`)
      if (parsed.value <= 0) throw c.bareErr(`invalid negative duration: ${quoteText(text)}`)
    }
  },
  header(c) {
    let rules = 0
    while (c.next()) {
      while (c.nextBlock()) {
        const selector = c.val().toLowerCase()
        if (selector !== 'query' && selector !== 'response') {
          throw c.bareErr(`setting up rule: invalid selector=${selector} should be query or response`)
        }
        c.nextArg()
        if (c.remainingArgs().length === 0) {
          throw c.bareErr('setting up rule: invalid length for flags, at least one should be provided')
        }
        rules++
      }
    }
    if (rules === 0) throw c.argErr()
  },
  dns64(c) {
    const prefix = (text: string): void => {
      if (parseCidr(text) === undefined) throw c.bareErr(`invalid CIDR address: ${text}`)
    }
    while (c.next()) {
      const [text, ...more] = c.remainingArgs()
      if (more.length > 0) throw c.argErr()
      if (text !== undefined) {
        prefix(text)
        continue
      }
      block(c, {
        prefix(c) {
          if (!c.nextArg()) throw c.argErr()
          prefix(c.val())
        },
        translate_all: exactly(0),
        allow_ipv4: exactly(0)
      })
    }
  },
  timeouts(c) {
    while (c.next()) {
      if (c.remainingArgs().length > 0) throw withPluginName(c.argErr(), 'timeouts')
      let count = 0
      for (; c.nextBlock(); count++) {
        const option = c.val()
        if (c.remainingArgs().length !== 1) throw c.argErr()
        if (!['read', 'write', 'idle', 'maxtcpqueries'].includes(option))
          throw c.errf(`unknown option: '${option}'`)
      }
      if (count === 0) throw withPluginName(c.errf('timeouts block with no timeouts specified'), 'timeouts')
    }
  },
  multisocket(c) {
    while (c.next()) {
      const [text] = c.remainingArgs()
      if (text !== undefined && need(c, parseInteger(text)) < 1) {
        throw c.bareErr(`num sockets can not be zero or negative: ${text}`)
      }
    }
  },
  view(c) {
    while (c.next()) {
      if (c.remainingArgs().length !== 1) throw c.argErr()
      block(c, { expr: atLeast(0) })
    }
  },
  file(c) {
    while (c.next()) {
      if (!c.nextArg()) throw c.argErr()
      c.remainingArgs()
      block(c, { reload: atLeast(1), fallthrough: atLeast(0) })
    }
  },
  auto(c) {
    while (c.next()) {
      c.remainingArgs()
      block(c, { directory: atLeast(1), reload: atLeast(1) })
    }
  },
  secondary(c) {
    while (c.next()) {
      c.remainingArgs()
      let transfers = 0
      block(c, {
        transfer(c) {
          if (!c.nextArg()) throw c.argErr()
          if (c.val() !== 'from') throw c.errf(`unknown property ${c.val()}`)
          if (c.remainingArgs().length === 0) throw c.argErr()
          transfers++
        }
      })
      if (transfers === 0) throw c.errf('secondary zones require a transfer from property')
    }
  },
  transfer(c) {
    while (c.next()) {
      c.remainingArgs()
      const count = block(c, {
        to: atLeast(1, (c, to) =>
          to.filter(each => each !== '*').forEach(each => need(c, parseAddressPort(each, 53)))
        )
      })
      if (count === 0) throw withPluginName(c.errf("'to' is required"), 'transfer')
    }
  },
  kubernetes(c) {
    for (let nth = 0; c.next(); nth++) {
      if (nth > 0) throw c.onceErr()
      c.remainingArgs()
      const seen = new Set<string>()
      const note =
        (name: string) =>
        (c: Dispenser, args: readonly string[]): void => {
          if (args.length > 0) seen.add(name)
          if (seen.has('namespaces') && seen.has('namespace_labels')) seen.add('both')
          c.val()
        }
      block(c, {
        endpoint: atLeast(1),
        pods: exactly(1, (c, [mode = '']) => {
          if (['disabled', 'verified', 'insecure'].includes(mode)) return
          throw c.bareErr(`wrong value for pods: ${mode},  must be one of: disabled, verified, insecure`)
        }),
        labels: atLeast(1),
        namespaces: atLeast(1, note('namespaces')),
        namespace_labels: atLeast(1, note('namespace_labels')),
        endpoint_pod_names: exactly(0),
        ignore: atLeast(1, (c, [what]) => {
          if (what !== 'empty_service') throw c.bareErr(`unable to parse ignore value: '${what ?? ''}'`)
        })
      })
      if (seen.has('both')) throw c.errf('namespaces and namespace_labels cannot both be set')
    }
  },
  k8s_external(c) {
    while (c.next()) {
      c.remainingArgs()
      block(c, { apex: atLeast(1), ttl: atLeast(1), headless: atLeast(0), fallthrough: atLeast(0) })
    }
  },
  bind(c) {
    while (c.next()) {
      if (c.remainingArgs().length === 0)
        throw c.bareErr('at least one address or interface name is expected')
      while (c.nextBlock()) {
        if (c.val() !== 'except') throw c.bareErr(`invalid option ${quoteText(c.val())}`)
        c.remainingArgs()
      }
    }
  },
  https(c) {
    while (c.next()) {
      c.remainingArgs()
      block(c, { max_connections: atLeast(1) })
    }
  },
  acl(c) {
    while (c.next()) {
      c.remainingArgs()
      while (c.nextBlock()) {
        const words = c.remainingArgs()
        for (let at = 0; at < words.length;) {
          const section = words[at++] ?? ''
          if (section !== 'type' && section !== 'net') {
            throw c.errf(`unexpected token ${quoteText(section)}; expect 'type | net'`)
          }
          const from = at
          for (; at < words.length && words[at] !== 'type' && words[at] !== 'net'; at++) {
            const text = `${words[at] ?? ''}${(words[at] ?? '').includes('/') ? '' : '/32'}`
            if (section === 'net' && parseCidr(text) === undefined) {
              throw c.errf(`illegal CIDR notation ${quoteText(text)}`)
            }
          }
          if (at === from) throw c.errf(`no token specified in ${quoteText(section)} section`)
        }
      }
    }
  },
  template(c) {
    while (c.next()) {
      if (!c.nextArg()) throw c.argErr()
      if (!['IN', 'CH', 'HS', 'ANY'].includes(c.val())) throw c.errf(`invalid query class ${c.val()}`)
      if (!c.nextArg()) throw c.argErr()
      c.remainingArgs()
      while (c.nextBlock()) {
        const line = c.val()
        if (line === 'rcode') {
          if (!c.nextArg()) throw c.argErr()
        } else if (['answer', 'ederror', 'match'].includes(line)) {
          if (c.remainingArgs().length === 0) throw c.argErr()
        } else throw c.argErr()
      }
    }
  },
  tls(c) {
    while (c.next()) {
      const count = c.remainingArgs().length
      if (count > 3) throw withPluginName(c.argErr(), 'tls')
    }
  },
  pprof: atMost(1),
  sign: c => {
    while (c.next()) if (!c.nextArg()) throw c.argErr()
  },
  shed: noArguments,
  proxyproto(c) {
    while (c.next()) {
      if (c.remainingArgs().length > 0) throw c.argErr()
      block(c, { allow: atLeast(1) })
    }
  }
}

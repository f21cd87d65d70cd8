// Python's socket.getaddrinfo on glibc: the name goes through the idna codec first.
import { domainToASCII } from 'node:url'
import type { ResolverModel } from '../model.ts'
import { octetsOf } from '../names.ts'
import type { Lookup } from '../process.ts'
import type { Steps } from '../session.ts'
import type { Finding } from '../process.ts'
import { getaddrinfo, glibcProgram } from './glibc.ts'
import type { ServerMemory } from './glibc-send.ts'

const LABEL_OCTETS_MAX = 63

/** The name as the codec gives it; `undefined` where it raises UnicodeError. */
function idna(name: string): string | undefined {
  const ascii = octetsOf(name) === name.length ? name : domainToASCII(name)
  if (name !== '' && ascii === '') return undefined
  const labels = ascii.split('.')
  const last = labels.pop() ?? ''
  const whole = labels.every(label => label !== '' && octetsOf(label) <= LABEL_OCTETS_MAX)
  return whole && octetsOf(last) <= LABEL_OCTETS_MAX ? ascii : undefined
}

function* call(lookup: Lookup, memory: ServerMemory): Steps<Finding> {
  const name = idna(lookup.request.name)
  if (name === undefined) return { error: 'UnicodeError' }
  return yield* getaddrinfo({ ...lookup, request: { ...lookup.request, name } }, memory)
}

export const pythonModels: readonly ResolverModel[] = [
  glibcProgram({
    name: 'python-3.11',
    program: 'Python 3.11 socket.getaddrinfo on glibc 2.36',
    version: '2.36',
    call,
    sources: [{ behaviour: 'UnicodeError before any query', rule: 'resolver-semantics.md §1.4' }]
  })
]

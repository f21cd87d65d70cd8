// Java 17: InetAddress.getAllByName, which is getaddrinfo of the C library for both families (resolver-semantics.md §2.1).
import type { ResolverModel } from '../model.ts'
import { getaddrinfo, glibcProgram } from './glibc.ts'

/** The words of glibc's gai_strerror, which Java's exception carries. */
const words: Readonly<Record<string, string>> = {
  EAI_NONAME: 'Name or service not known',
  EAI_NODATA: 'No address associated with hostname',
  EAI_AGAIN: 'Temporary failure in name resolution',
  EAI_FAIL: 'Non-recoverable failure in name resolution'
}

export const java17: ResolverModel = glibcProgram({
  name: 'java-17',
  program: 'Java 17 InetAddress.getAllByName() on glibc 2.36',
  version: '2.36',
  sources: [
    { behaviour: 'getaddrinfo of the C library, A and AAAA', recorded: ['k8s-*', 'trailing-*'] },
    {
      behaviour: 'UnknownHostException with the library’s words',
      recorded: ['k8s-ndots5-nosuch.example.com', 'k8s-ndots5-upstream-timeout']
    }
  ],
  *call(lookup, memory) {
    const { request } = lookup
    const found = yield* getaddrinfo({ ...lookup, request: { ...request, family: 'unspec' } }, memory)
    if (found.error === null) return found
    return { error: `UnknownHostException: ${request.name}: ${words[found.error] ?? found.error}` }
  }
})

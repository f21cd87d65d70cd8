// The file itself, as container runtimes write it from what the kubelet hands them (resolver-semantics.md §3.8).
import { octetsOf } from './octet-text.ts'
import type { PodDns } from './pod-dns.ts'

/** `docker`: Docker Engine through cri-dockerd, which puts nameservers first. */
export type ContainerRuntime = 'containerd' | 'cri-o' | 'docker'

export const CONTAINER_RUNTIMES: readonly ContainerRuntime[] = ['containerd', 'cri-o', 'docker']

/** The most search domains that containerd before 1.5.6 and CRI-O before 1.22 take: a Pod with more never starts there. */
export const OLD_RUNTIME_SEARCHES_MAX = 6

type Settings = Pick<PodDns, 'nameservers' | 'searches' | 'options'>

/** The octets of `/etc/resolv.conf`; undefined: there is nothing to write, and the runtime copies its host's own file. */
export function resolvConfOf(settings: Settings, runtime: ContainerRuntime): Buffer | undefined {
  const { nameservers, searches, options } = settings
  const searchLine = searches.length === 0 ? [] : [`search ${searches.join(' ')}`]
  const nameserverLines = nameservers.map(address => `nameserver ${address}`)
  const optionsLine = options.length === 0 ? [] : [`options ${options.join(' ')}`]
  const lines =
    runtime === 'docker'
      ? [...nameserverLines, ...searchLine, ...optionsLine]
      : [...searchLine, ...nameserverLines, ...optionsLine]
  return lines.length === 0 ? undefined : octetsOf(`${lines.join('\n')}\n`)
}

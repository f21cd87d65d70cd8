// The words of `labdns resolvconf`.
import type { Command } from 'commander'
import { collect, given, serveArguments, surplus, withState, type Decide } from './common.ts'

export function addResolvconf(command: Command, decide: Decide): void {
  withState(command)
    .description('print the resolv.conf that the kubelet and the container runtime write for a Pod')
    .usage('[--from pod/NS/NAME | -f FILE] [options]')
    .argument('[surplus...]')
    .option(
      '--from <what>',
      'the Pod: pod/NS/NAME, or the first one of deploy/NS/NAME (sts, ds, job, rs, cronjob), or ns/NS: an ordinary one there'
    )
    .option('-f, --filename <file>', 'a manifest with the Pod or its workload, or - for standard input')
    .option('-n, --namespace <name>', 'the namespace where none is written (default: default)')
    .option('--dns-policy <policy>', 'ClusterFirst, ClusterFirstWithHostNet, Default or None')
    .option('--host-network', 'the Pod has hostNetwork: true')
    .option('--nameserver <address>', 'one of dnsConfig.nameservers; repeatable', collect, [])
    .option('--search <domain>', 'one of dnsConfig.searches; repeatable', collect, [])
    .option(
      '--option <name:value>',
      'one of dnsConfig.options, as in ndots:2 or rotate; repeatable',
      collect,
      []
    )
    .option(
      '--cluster-domain <domain>',
      "the kubelet's clusterDomain (default: the Corefile's zone, cluster.local)"
    )
    .option(
      '--cluster-dns <address>',
      "the kubelet's clusterDNS; repeatable (default: the addresses of the Service kube-system/kube-dns)",
      collect,
      []
    )
    .option(
      '--node-resolv-conf <file>',
      "the node's resolv.conf, as the kubelet's resolvConf names it; '' for none (default: not known)"
    )
    .option(
      '--kubernetes-version <version>',
      'as in 1.24: older ones have other limits (default: the current one)'
    )
    .option('--runtime <name>', 'containerd, cri-o or docker (default: containerd)')
    .option('-o, --output <format>', 'json')
    .action((rest: string[]) => {
      const options = given(command)
      const { text, texts, value } = options
      const resolvconf = {
        from: text('from'),
        filename: text('filename'),
        namespace: text('namespace'),
        dnsPolicy: text('dnsPolicy'),
        hostNetwork: value('hostNetwork') === true,
        nameserver: texts('nameserver'),
        search: texts('search'),
        option: texts('option'),
        clusterDomain: text('clusterDomain'),
        clusterDns: texts('clusterDns'),
        nodeResolvConf: text('nodeResolvConf'),
        kubernetesVersion: text('kubernetesVersion'),
        runtime: text('runtime'),
        output: text('output')
      }
      decide(
        rest.length > 0
          ? surplus(rest)
          : { command: 'resolvconf', arguments: serveArguments(options), resolvconf }
      )
    })
}

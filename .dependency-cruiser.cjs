// The walls between folders (docs/architecture.md "What may import what").
const only = (folder, allowed) => ({
  name: `${folder}-imports`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...allowed.map(name => `^src/${name}/`)] }
})

/** Packages, and the only files that may import each: one door to each. */
const doors = {
  pino: '^src/runtime/log',
  'sonic-boom': '^src/runtime/log',
  chokidar: '^src/runtime/watch|^src/cluster/manifests/',
  yaml: '^src/experiment/read-spec|^src/corefile/configmap|^src/corefile/scalar-places|^src/cluster/manifests/',
  'ipaddr.js': '^src/corefile/addresses|^src/cluster/',
  'prom-client': '^src/metrics/|^src/plugins/prometheus/',
  re2js: '^src/corefile/pattern',
  '@kubernetes/client-node': '^src/cluster/kube-connection/kubeconfig-connection',
  commander: '^src/cli/',
  'lru-cache': '^src/plugins/cache/shelf'
}

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^src/' }, to: {} },
    only('wire', []),
    only('explain', ['wire', 'dns']),
    only('runtime', []),
    only('corefile', ['wire', 'runtime']),
    only('zonefile', ['wire']),
    only('dns', ['wire']),
    only('metrics', ['wire', 'dns', 'runtime']),
    only('upstream', ['wire', 'dns', 'runtime', 'metrics']),
    only('zones', ['wire', 'dns', 'runtime', 'zonefile']),
    only('pod-dns', []),
    only('cluster', ['wire', 'dns', 'runtime', 'corefile', 'pod-dns']),
    only('server', ['wire', 'dns', 'runtime']),
    only('resolver', ['wire']),
    only('plugins', [
      'wire',
      'dns',
      'runtime',
      'corefile',
      'zonefile',
      'zones',
      'cluster',
      'upstream',
      'metrics',
      'explain'
    ]),
    {
      name: 'plugins-do-not-import-each-other',
      severity: 'error',
      from: { path: '^src/plugins/([^/]+)/' },
      to: { path: '^src/plugins/([^/]+)/', pathNot: '^src/plugins/$1/' }
    },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' }
    },
    ...Object.entries(doors).map(([name, door]) => ({
      name: `one-door-to-${name}`,
      severity: 'error',
      from: { path: '^src/', pathNot: door.split('|') },
      to: { path: `node_modules/${name}/` }
    })),
    {
      name: 'sockets-live-at-the-edge',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/server/', '^src/upstream/', '^src/runtime/', '^src/cli/'] },
      to: { path: '^(node:)?(dgram|net|tls|dns|http|https)$', dependencyTypes: ['core'] }
    }
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' }
  }
}

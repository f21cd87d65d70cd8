// Manifests of applications that an API server would refuse, and the exact message that each gives: its rules (Kubernetes
// API reference; "Object Names and IDs"; "Labels and Selectors"; "IPv4/IPv6 dual-stack"), and where to look.
import t from 'tap'
import { readTexts } from './harness.ts'

interface BadManifest {
  readonly name: string
  readonly text: string
  /** Line and column, then what is said; a warning when it begins with `warn: `. */
  readonly says: readonly string[]
  /** It is served nevertheless. */
  readonly isServed?: true
}

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: nginx
        ports:
        - name: http
          containerPort: 80
`

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
    targetPort: http
`

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: one
spec:
  containers:
  - name: web
    image: nginx
`

const JOB = `apiVersion: batch/v1
kind: Job
metadata:
  name: once
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: work
        image: busybox
`

const CRON_JOB = `apiVersion: batch/v1
kind: CronJob
metadata:
  name: often
spec:
  schedule: "*/5 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
          - name: work
            image: busybox
`

/** `text` with `found`, which must be in it, replaced. */
function edit(text: string, found: string, replacement: string): string {
  if (!text.includes(found)) throw new Error(`no ${found} in ${text}`)
  return text.replace(found, replacement)
}

const inDeployment = (found: string, replacement: string) => edit(DEPLOYMENT, found, replacement)
const inService = (found: string, replacement: string) => edit(SERVICE, found, replacement)

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const SERVICE_LABEL =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const KEY_NAME =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const NO_MATCH = '`selector` does not match template `labels`'
const DUAL = 'must be RequireDualStack or PreferDualStack when multiple'

const cases: readonly BadManifest[] = [
  // Selectors and templates.
  {
    name: 'a selector that does not match the template',
    text: inDeployment('        app: web', '        app: wep'),
    says: [
      `12:9: Deployment default/web: spec.template.metadata.labels: Invalid value: {"app":"wep"}: ${NO_MATCH}`
    ]
  },
  {
    name: 'a selector that no label of the template can match',
    text: inDeployment('    metadata:\n      labels:\n        app: web\n', ''),
    says: [`10:5: Deployment default/web: spec.template.metadata.labels: Invalid value: {}: ${NO_MATCH}`]
  },
  {
    name: 'an expression that excludes the template',
    text: inDeployment(
      '    matchLabels:\n      app: web',
      '    matchExpressions:\n    - {key: app, operator: NotIn, values: [web]}'
    ),
    says: [
      `12:9: Deployment default/web: spec.template.metadata.labels: Invalid value: {"app":"web"}: ${NO_MATCH}`
    ]
  },
  {
    name: 'no selector',
    text: inDeployment('  selector:\n    matchLabels:\n      app: web\n', ''),
    says: [
      '6:3: Deployment default/web: spec.selector: Required value: write matchLabels: {app: web}, as the template has'
    ]
  },
  {
    name: 'a selector without matchLabels, as Services have it',
    text: inDeployment('    matchLabels:\n      app: web', '    app: web'),
    says: [
      '7:5: Deployment default/web: spec.selector: Invalid value: {"app":"web"}: empty selector is invalid for deployment (write these labels under matchLabels)'
    ]
  },
  {
    name: 'an empty selector of a StatefulSet',
    text: edit(
      inDeployment('kind: Deployment', 'kind: StatefulSet'),
      '  selector:\n    matchLabels:\n      app: web\n',
      '  selector: {}\n'
    ),
    says: [
      '6:13: StatefulSet default/web: spec.selector: Invalid value: {}: empty selector is invalid for statefulset'
    ]
  },
  {
    name: 'an operator that is none',
    text: inDeployment(
      '      app: web\n  template',
      '      app: web\n    matchExpressions:\n    - {key: app, operator: Is}\n  template'
    ),
    says: [
      '10:28: Deployment default/web: spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator (and 1 more)'
    ]
  },
  {
    name: 'an operator without its values',
    text: inDeployment(
      '      app: web\n  template',
      '      app: web\n    matchExpressions:\n    - {key: app, operator: In}\n  template'
    ),
    says: [
      "10:7: Deployment default/web: spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn' (and 1 more)"
    ]
  },
  {
    name: 'a ReplicationController without selector and labels',
    text: 'apiVersion: v1\nkind: ReplicationController\nmetadata: {name: old}\nspec:\n  template:\n    spec:\n      containers: [{name: a, image: b}]\n',
    says: ['5:3: ReplicationController default/old: spec.selector: Required value']
  },
  {
    name: 'a workload without template',
    text: 'apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  selector: {matchLabels: {app: agent}}\n',
    says: ['5:3: DaemonSet default/agent: spec.template.spec.containers: Required value (and 1 more)']
  },
  {
    name: 'no containers',
    text: inDeployment(
      '      containers:\n      - name: web\n        image: nginx\n        ports:\n        - name: http\n          containerPort: 80\n',
      '      containers: []\n'
    ),
    says: ['14:19: Deployment default/web: spec.template.spec.containers: Required value']
  },
  {
    name: 'fewer Pods than none',
    text: inDeployment('spec:\n  selector', 'spec:\n  replicas: -1\n  selector'),
    says: [
      '6:13: Deployment default/web: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    ]
  },
  {
    name: 'a number of Pods in quotes',
    text: inDeployment('spec:\n  selector', 'spec:\n  replicas: "3"\n  selector'),
    says: [
      '6:13: Deployment default/web: spec.replicas: "3" is text; expected a number from 0 to 2147483647: write it without quotes'
    ]
  },
  {
    name: 'a Deployment that runs once',
    text: inDeployment(
      '    spec:\n      containers',
      '    spec:\n      restartPolicy: Never\n      containers'
    ),
    says: [
      '14:22: Deployment default/web: spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
    ]
  },
  {
    name: 'a Job without restartPolicy',
    text: edit(JOB, '      restartPolicy: Never\n', ''),
    says: [
      '8:7: Job default/once: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    ]
  },
  {
    name: 'a Job with fewer Pods than none',
    text: edit(JOB, 'spec:\n  template', 'spec:\n  parallelism: -2\n  template'),
    says: ['6:16: Job default/once: spec.parallelism: Invalid value: -2: must be greater than or equal to 0']
  },
  {
    name: 'a CronJob without schedule',
    text: edit(CRON_JOB, '  schedule: "*/5 * * * *"\n', ''),
    says: ['6:3: CronJob default/often: spec.schedule: Required value']
  },
  {
    name: 'a schedule of four fields',
    text: edit(CRON_JOB, '"*/5 * * * *"', '"*/5 * * *"'),
    says: [
      '6:13: CronJob default/often: spec.schedule: Invalid value: "*/5 * * *": expected exactly 5 fields, found 4: [*/5 * * *]'
    ]
  },
  {
    name: 'a CronJob whose Jobs would have too long names',
    text: edit(CRON_JOB, 'often', 'o'.repeat(53)),
    says: [
      `4:9: CronJob default/${'o'.repeat(53)}: metadata.name: Invalid value: "${'o'.repeat(53)}": must be no more than 52 characters`
    ]
  },
  {
    name: 'a StatefulSet whose serviceName is a whole domain name',
    text: edit(
      inDeployment('kind: Deployment', 'kind: StatefulSet'),
      'spec:\n  selector',
      'spec:\n  serviceName: web.default\n  selector'
    ),
    says: [`6:16: StatefulSet default/web: spec.serviceName: Invalid value: "web.default": ${LABEL}`]
  },
  {
    name: 'a StatefulSet that begins before 0',
    text: edit(
      inDeployment('kind: Deployment', 'kind: StatefulSet'),
      'spec:\n  selector',
      'spec:\n  ordinals: {start: -1}\n  selector'
    ),
    says: [
      '6:21: StatefulSet default/web: spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0'
    ]
  },
  // Names and labels.
  {
    name: 'a name in capitals',
    text: inDeployment('name: web\nspec', 'name: Web\nspec'),
    says: [`4:9: Deployment default/Web: metadata.name: Invalid value: "Web": ${SUBDOMAIN}`]
  },
  {
    name: 'a Service whose name begins with a digit',
    text: inService('name: web', 'name: 2048-game'),
    says: [`4:9: Service default/2048-game: metadata.name: Invalid value: "2048-game": ${SERVICE_LABEL}`]
  },
  {
    name: 'a Service whose name has a dot',
    text: inService('name: web', 'name: web.shop'),
    says: [`4:9: Service default/web.shop: metadata.name: Invalid value: "web.shop": ${SERVICE_LABEL}`]
  },
  {
    name: 'a Service whose name is too long',
    text: inService('name: web', `name: ${'w'.repeat(64)}`),
    says: [
      `4:9: Service default/${'w'.repeat(64)}: metadata.name: Invalid value: "${'w'.repeat(59)}…: must be no more than 63 characters`
    ]
  },
  {
    name: 'no name',
    text: inService('  name: web', '  labels: {}'),
    says: ['4:3: Service: metadata.name: Required value: name or generateName is required']
  },
  {
    name: 'a name that is generated',
    text: edit(JOB, '  name: once', '  generateName: once-'),
    says: [
      '4:3: Job: metadata.name: Required value: generateName would be another name each time; write name'
    ]
  },
  {
    name: 'a namespace that is no label',
    text: inService('name: web', 'name: web\n  namespace: my_shop'),
    says: [`5:14: Service my_shop/web: metadata.namespace: Invalid value: "my_shop": ${LABEL}`]
  },
  {
    name: 'typographic quotes around a name',
    text: edit(POD, 'name: one', 'name: “one”'),
    says: [
      `4:9: Pod default/“one”: metadata.name: Invalid value: "“one”": ${SUBDOMAIN} (these are typographic quotes, as web pages have)`
    ]
  },
  {
    name: 'a label value with a space',
    text: inDeployment('  name: web\nspec', '  name: web\n  labels:\n    team: shop floor\nspec'),
    says: [`6:11: Deployment default/web: metadata.labels: Invalid value: "shop floor": ${VALUE}`]
  },
  {
    name: 'a label value that is a number',
    text: inDeployment('        app: web', '        app: 1'),
    says: [
      `12:14: Deployment default/web: spec.template.metadata.labels.app: 1 is a number; expected text: write "1" in quotes (and 1 more)`
    ]
  },
  {
    name: 'a label key with a space',
    text: inService('  name: web', '  name: web\n  labels:\n    "my app": web'),
    says: [`6:15: Service default/web: metadata.labels: Invalid value: "my app": ${KEY_NAME}`]
  },
  {
    name: 'a label key whose prefix is no domain name',
    text: inService('  name: web', '  name: web\n  labels:\n    Example.com/app: web'),
    says: [
      `6:22: Service default/web: metadata.labels: Invalid value: "Example.com/app": prefix part ${SUBDOMAIN}`
    ]
  },
  {
    name: 'a hostname of several labels',
    text: edit(POD, 'spec:\n', 'spec:\n  hostname: one.default\n'),
    says: [`6:13: Pod default/one: spec.hostname: Invalid value: "one.default": ${LABEL}`]
  },
  {
    name: 'a subdomain that is no label',
    text: inDeployment('    spec:\n      containers', '    spec:\n      subdomain: Web\n      containers'),
    says: [`14:18: Deployment default/web: spec.template.spec.subdomain: Invalid value: "Web": ${LABEL}`]
  },
  {
    name: 'an annotation of ours that makes no sense',
    text: inDeployment(
      '  name: web\nspec',
      '  name: web\n  annotations:\n    labdns.dev/not-ready: first\nspec'
    ),
    says: [
      '6:27: Deployment default/web: metadata.annotations["labdns.dev/not-ready"]: Invalid value: "first": expected ordinals of Pods such as "0,2" (0 is the first), or "all"'
    ]
  },
  {
    name: 'an annotation of ours without quotes',
    text: edit(POD, '  name: one', '  name: one\n  annotations:\n    labdns.dev/not-ready: 0'),
    says: [
      '6:27: Pod default/one: metadata.annotations["labdns.dev/not-ready"]: 0 is a number; expected text: write "0" in quotes'
    ]
  },
  // Ports.
  {
    name: 'a container port out of range',
    text: inDeployment('containerPort: 80', 'containerPort: 80000'),
    says: [
      '19:26: Deployment default/web: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive'
    ]
  },
  {
    name: 'a container port without number',
    text: inDeployment('\n          containerPort: 80', ''),
    says: [
      '18:11: Deployment default/web: spec.template.spec.containers[0].ports[0].containerPort: Required value'
    ]
  },
  {
    name: 'a container port with too long a name',
    text: inDeployment('name: http', 'name: http-for-everyone'),
    says: [
      '18:17: Deployment default/web: spec.template.spec.containers[0].ports[0].name: Invalid value: "http-for-everyone": must be no more than 15 characters'
    ]
  },
  {
    name: 'two container ports of one name',
    text: `${DEPLOYMENT}        - name: http\n          containerPort: 81\n`,
    says: [
      '20:17: Deployment default/web: spec.template.spec.containers[0].ports[1].name: Duplicate value: "http"'
    ]
  },
  {
    name: 'a container port that stands twice',
    text: `${DEPLOYMENT}        - name: web\n          containerPort: 80\n`,
    says: [
      'warn: 20:11: Deployment default/web: spec.template.spec.containers[0].ports[1]: duplicate port definition with ports[0]'
    ],
    isServed: true
  },
  {
    name: 'two containers of one name',
    text: edit(POD, '    image: nginx\n', '    image: nginx\n  - name: web\n    image: envoy\n'),
    says: ['9:11: Pod default/one: spec.containers[1].name: Duplicate value: "web"']
  },
  {
    name: 'a container without image',
    text: edit(POD, '    image: nginx\n', ''),
    says: ['7:5: Pod default/one: spec.containers[0].image: Required value']
  },
  {
    name: 'a variable that is a number',
    text: edit(
      POD,
      '    image: nginx\n',
      '    image: nginx\n    env:\n    - name: PORT\n      value: 5432\n'
    ),
    says: [
      '11:14: Pod default/one: spec.containers[0].env[0].value: 5432 is a number; expected text: write "5432" in quotes'
    ]
  },
  {
    name: 'a protocol in lower case',
    text: inService('- port: 80', '- port: 80\n    protocol: tcp'),
    says: [
      '10:15: Service default/web: spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'
    ]
  },
  {
    name: 'a Service port without number',
    text: inService('- port: 80', '- name: http'),
    says: [
      '9:5: Service default/web: spec.ports[0].port: Required value: must be between 1 and 65535, inclusive'
    ]
  },
  {
    name: 'a remark behind a port',
    text: inService('- port: 80', '- port: 80        ← Service port'),
    says: [
      '9:21: Service default/web: spec.ports[0].port: "80        ← Service port" is text; expected a number from 1 to 65535 ("← Service port" is a remark, not YAML; begin it with #)'
    ]
  },
  {
    name: 'a Service port 0',
    text: inService('- port: 80', '- port: 0'),
    says: [
      '9:11: Service default/web: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'
    ]
  },
  {
    name: 'several ports without names',
    text: inService('    targetPort: http', '  - port: 81'),
    says: ['9:5: Service default/web: spec.ports[0].name: Required value (and 1 more)']
  },
  {
    name: 'two ports of one name',
    text: inService('  - port: 80\n    targetPort: http', '  - {name: a, port: 80}\n  - {name: a, port: 81}'),
    says: ['10:12: Service default/web: spec.ports[1].name: Duplicate value: "a"']
  },
  {
    name: 'one port twice',
    text: inService('  - port: 80\n    targetPort: http', '  - {name: a, port: 80}\n  - {name: b, port: 80}'),
    says: ['10:5: Service default/web: spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80}']
  },
  {
    name: 'a target port in quotes',
    text: inService('targetPort: http', 'targetPort: "8080"'),
    says: [
      '10:17: Service default/web: spec.ports[0].targetPort: Invalid value: "8080": must contain at least one letter (a-z): write the number without quotes'
    ]
  },
  {
    name: 'a target port that can be no name',
    text: inService('targetPort: http', 'targetPort: HTTP'),
    says: [
      '10:17: Service default/web: spec.ports[0].targetPort: Invalid value: "HTTP": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
    ]
  },
  {
    name: 'no ports',
    text: inService('  ports:\n  - port: 80\n    targetPort: http\n', ''),
    says: ['6:3: Service default/web: spec.ports: Required value']
  },
  {
    name: 'a node port of a ClusterIP Service',
    text: inService('targetPort: http', 'nodePort: 30080'),
    says: [
      "10:15: Service default/web: spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
    ]
  },
  {
    name: 'a node port out of range',
    text: edit(inService('targetPort: http', 'nodePort: 8080'), 'spec:\n', 'spec:\n  type: NodePort\n'),
    says: [
      '11:15: Service default/web: spec.ports[0].nodePort: Invalid value: 8080: provided port is not in the valid range. The range of valid ports is 30000-32767'
    ]
  },
  // Services: types and addresses.
  {
    name: 'an unknown type',
    text: inService('spec:\n', 'spec:\n  type: Ingress\n'),
    says: [
      '6:9: Service default/web: spec.type: Unsupported value: "Ingress": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'
    ]
  },
  {
    name: 'a selector as Deployments have it',
    text: inService('    app: web', '    matchLabels:\n      app: web'),
    says: [
      '8:7: Service default/web: spec.selector.matchLabels is a map; a Service has its labels right under selector'
    ]
  },
  {
    name: 'an address that is none',
    text: inService('spec:\n', 'spec:\n  clusterIP: 10.96.0.256\n'),
    says: [
      '6:14: Service default/web: spec.clusterIP: Invalid value: "10.96.0.256": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff) (256 is over 255)'
    ]
  },
  {
    name: 'none, in lower case',
    text: inService('spec:\n', 'spec:\n  clusterIP: none\n'),
    says: [
      '6:14: Service default/web: spec.clusterIP: Invalid value: "none": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff) (did you mean None?)'
    ]
  },
  {
    name: 'a headless NodePort Service',
    text: inService('spec:\n', 'spec:\n  type: NodePort\n  clusterIP: None\n'),
    says: [
      '7:14: Service default/web: spec.clusterIP: Invalid value: "None": may not be set to \'None\' for NodePort services'
    ]
  },
  {
    name: 'clusterIPs without clusterIP',
    text: inService('spec:\n', 'spec:\n  clusterIPs: [10.96.0.7]\n'),
    says: [
      '6:15: Service default/web: spec.clusterIPs: Invalid value: ["10.96.0.7"]: must be empty when `clusterIP` is not specified'
    ]
  },
  {
    name: 'clusterIP and clusterIPs that disagree',
    text: inService('spec:\n', 'spec:\n  clusterIP: 10.96.0.7\n  clusterIPs: [10.96.0.8]\n'),
    says: [
      '7:15: Service default/web: spec.clusterIPs: Invalid value: ["10.96.0.8"]: first value must match `clusterIP`'
    ]
  },
  {
    name: 'two addresses of one family',
    text: inService(
      'spec:\n',
      'spec:\n  ipFamilyPolicy: PreferDualStack\n  clusterIP: 10.96.0.7\n  clusterIPs: [10.96.0.7, 10.96.0.8]\n'
    ),
    says: [
      '8:15: Service default/web: spec.clusterIPs: Invalid value: ["10.96.0.7","10.96.0.8"]: may specify no more than one IP for each IP family'
    ]
  },
  {
    name: 'two addresses of a single-stack Service',
    text: inService('spec:\n', 'spec:\n  clusterIP: 10.96.0.7\n  clusterIPs: [10.96.0.7, "fd00:10:96::7"]\n'),
    says: [
      `7:15: Service default/web: spec.ipFamilyPolicy: Invalid value: "SingleStack": ${DUAL} 'clusterIPs' are specified`
    ]
  },
  {
    name: 'two families of a single-stack Service',
    text: inService('spec:\n', 'spec:\n  ipFamilyPolicy: SingleStack\n  ipFamilies: [IPv4, IPv6]\n'),
    says: [
      `7:15: Service default/web: spec.ipFamilyPolicy: Invalid value: "SingleStack": ${DUAL} 'ipFamilies' are specified`
    ]
  },
  {
    name: 'an address of another family than is asked for',
    text: inService('spec:\n', 'spec:\n  ipFamilies: [IPv6]\n  clusterIP: 10.96.0.7\n'),
    says: [
      '7:14: Service default/web: spec.clusterIP: Invalid value: "10.96.0.7": expected an IPv6 value as indicated by `ipFamilies[0]`'
    ]
  },
  {
    name: 'a family that is none',
    text: inService('spec:\n', 'spec:\n  ipFamilies: [ipv4]\n'),
    says: [
      '6:16: Service default/web: spec.ipFamilies[0]: Unsupported value: "ipv4": supported values: "IPv4", "IPv6"'
    ]
  },
  {
    name: 'an ExternalName Service with an address',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  type: ExternalName\n  clusterIP: None\n  externalName: db.example.com\n',
    says: ['7:14: Service default/db: spec.clusterIP: Forbidden: may not be set for ExternalName services']
  },
  {
    name: 'an ExternalName Service without a name',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  type: ExternalName\n',
    says: ['6:3: Service default/db: spec.externalName: Required value']
  },
  {
    name: 'an ExternalName Service with a URL',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  type: ExternalName\n  externalName: https://db.example.com\n',
    says: [
      `7:17: Service default/db: spec.externalName: Invalid value: "https://db.example.com": ${SUBDOMAIN}`
    ]
  },
  {
    name: 'a name outside without the type that goes with it',
    text: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  externalName: db.example.com\n',
    says: ['6:3: Service default/db: spec.ports: Required value: did you mean type: ExternalName?']
  },
  {
    name: 'an external address on the loopback',
    text: inService('spec:\n', 'spec:\n  externalIPs: [127.0.0.1]\n'),
    says: [
      '6:17: Service default/web: spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'
    ]
  },
  // Versions and kinds.
  {
    name: 'a Deployment of 2016',
    text: inDeployment('apps/v1', 'extensions/v1beta1'),
    says: [
      '1:13: Deployment default/web: apiVersion: no matches for kind "Deployment" in version "extensions/v1beta1"; write apiVersion: apps/v1'
    ]
  },
  {
    name: 'a StatefulSet of 2017',
    text: edit(inDeployment('kind: Deployment', 'kind: StatefulSet'), 'apps/v1', 'apps/v1beta1'),
    says: [
      '1:13: StatefulSet default/web: apiVersion: no matches for kind "StatefulSet" in version "apps/v1beta1"; write apiVersion: apps/v1'
    ]
  },
  {
    name: 'a CronJob of 2020',
    text: edit(CRON_JOB, 'batch/v1', 'batch/v1beta1'),
    says: [
      '1:13: CronJob default/often: apiVersion: no matches for kind "CronJob" in version "batch/v1beta1"; write apiVersion: batch/v1'
    ]
  },
  {
    name: 'fields in the wrong letter case',
    text: edit(
      inDeployment('containerPort: 80', 'containerPort: 80\n        Ports: []'),
      'spec:\n  selector',
      'spec:\n  Replicas: 2\n  selector'
    ),
    says: [
      'warn: 6:13: Deployment default/web: spec.Replicas is unknown; did you mean replicas?',
      'warn: 21:16: Deployment default/web: spec.template.spec.containers[0].Ports is unknown; did you mean ports?'
    ],
    isServed: true
  }
]

const document = new Map<string, string>([
  ['a Deployment in the core group', inDeployment('apps/v1', 'v1')],
  ['a Service without apiVersion', inService('apiVersion: v1\n', '')]
])
const documentSays = [
  'error: app.yaml:1:13: apiVersion: "v1" is not known; expected apps/v1 for kind Deployment; this document is left out',
  'error: app.yaml:1:1: apiVersion is missing; expected apiVersion: v1; this document is left out'
]

t.ok(cases.length >= 40, 'at least 40 bad manifests')

const troubles = (lines: readonly string[]) => lines.filter(line => /^(?:warn|error)/.test(line))

for (const { name, text, says, isServed } of cases) {
  t.test(name, async t => {
    const good = `---\n${POD.replace('name: one', 'name: bystander')}`
    const { log, source } = await readTexts({ 'app.yaml': text + good }, 'apps')
    const expected = says.map(line => {
      return line.startsWith('warn: ')
        ? line.replace('warn: ', 'warn: app.yaml:')
        : `error: app.yaml:${line}; ${line.includes(': metadata.name: Required') ? 'this document is' : 'it is'} left out`
    })
    t.same(troubles(log.lines), expected)
    t.ok(source.origin('Pod', 'default', 'bystander'), 'nothing else is lost')
    const counted = log.lines.find(line => line.startsWith('info: apps: 1 file: ')) ?? ''
    t.match(counted, isServed ? 'Deployment 1' : /: Pod 1(?:;|$)/, counted)
  })
}

t.test('documents that name no kind of a version', async t => {
  const found = []
  for (const text of document.values())
    found.push(...troubles((await readTexts({ 'app.yaml': text }, 'apps')).log.lines))
  t.same(found, documentSays)
})

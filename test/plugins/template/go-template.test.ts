// The templates' language. Expectations are what Go's text/template prints (its documentation and its specification).
import t from 'tap'
import { Template } from '../../../src/plugins/template/go/execute.ts'
import { Struct } from '../../../src/plugins/template/go/format.ts'

const data = {
  fields: new Struct({
    Name: 'web-7.example.org.',
    Zone: 'example.org.',
    Match: ['web-7', 'web', '7'],
    Group: { '0': 'web-7', host: 'web', n: '7', empty: '' },
    Question: new Struct({ Name: 'Web-7.Example.ORG.', Qtype: 1, Qclass: 1 }),
    Remote: '192.0.2.7'
  }),
  methods: { Meta: ([label]: readonly unknown[]) => (label === 'a/b' ? 'meta' : '') }
}

const good: readonly (readonly [template: string, output: string])[] = [
  ['{{ .Name }}', 'web-7.example.org.'],
  ['a {{- " b " -}} c', 'a b c'],
  ['{{/* nothing */}}x', 'x'],
  ['{{ .Question.Name }} {{ .Question.Qtype }}', 'Web-7.Example.ORG. 1'],
  ['{{ .Group.host }}{{ index .Group "n" }}', 'web7'],
  ['{{ .Group.missing }}|{{ index .Group "missing" }}', '<no value>|'],
  ['{{ index .Match 1 }} {{ len .Match }}', 'web 3'],
  ['{{ .Match }}', '[web-7 web 7]'],
  ['{{ .Meta "a/b" }}|{{ .Meta "c/d" }}', 'meta|'],
  ['{{ if eq .Group.n "7" }}yes{{ else }}no{{ end }}', 'yes'],
  ['{{ if eq .Group.n "1" "7" }}one of them{{ end }}', 'one of them'],
  ['{{ if .Group.empty }}a{{ else if .Group.n }}b{{ else }}c{{ end }}', 'b'],
  ['{{ with .Group.host }}{{ . }}!{{ end }}{{ with .Group.empty }}x{{ else }}y{{ end }}', 'web!y'],
  ['{{ range .Match }}<{{ . }}>{{ end }}', '<web-7><web><7>'],
  ['{{ range $i, $m := .Match }}{{ if $i }},{{ end }}{{ $i }}={{ $m }}{{ end }}', '0=web-7,1=web,2=7'],
  ['{{ range .Match }}{{ if eq . "web" }}{{ continue }}{{ end }}{{ . }} {{ end }}', 'web-7 7 '],
  ['{{ range .Match }}{{ . }}{{ break }}{{ end }}', 'web-7'],
  ['{{ range $k, $v := .Group }}{{ $k }}{{ end }}', '0emptyhostn'],
  ['{{ range slice .Match 0 0 }}x{{ else }}none{{ end }}', 'none'],
  ['{{ $x := .Group.n }}{{ $x }}{{ $x = "8" }}{{ $x }}', '78'],
  ['{{ $.Zone }}{{ range .Match }}{{ $.Group.n }}{{ end }}', 'example.org.777'],
  ['{{ parseInt "ff" 16 8 }} {{ parseInt "18446744073709551615" 10 64 }}', '255 18446744073709551615'],
  ['{{ printf "%s-%03d|%-4s|%4s|%x|%q|%v|%%" "a" 7 "b" "c" 255 "d" true }}', 'a-007|b   |   c|ff|"d"|true|%'],
  ['{{ "7" | printf "%s.%s" "a" }}', 'a.7'],
  ['{{ print "a" 1 2 "b" }}', 'a1 2b'],
  ['{{ printf "%d" "x" }}', '%!d(string=x)'],
  ['{{ and 1 0 2 }} {{ or 0 "" "z" }} {{ not true }}', '0 z false'],
  ['{{ if and .Group.n (eq .Group.host "web") }}both{{ end }}', 'both'],
  ['{{ lt 1 2 }} {{ ge "b" "a" }} {{ ne 1 2 }}', 'true true true'],
  ['{{ (index .Match 1) | len }}', '3'],
  ['{{ slice "abcdef" 1 3 }}', 'bc'],
  ['{{ html "<a>&\'" }} {{ js "\'" }} {{ urlquery "a b/c" }}', "&lt;a&gt;&amp;&#39; \\' a+b%2Fc"],
  ['{{ `raw\\n` }}{{ "tab\\t|" }}', 'raw\\ntab\t|'],
  ['{{ 0x1f }} {{ 1.5 }} {{ -3 }} {{ true }}', '31 1.5 -3 true'],
  ['{{- range 3 }}{{ . }}{{ end }}', '012']
]

for (const [source, output] of good) {
  t.test(source, t => {
    t.equal(new Template('answer', source).run(data), output)
    t.end()
  })
}

/** As Go's parser says it. */
const bad: readonly (readonly [template: string, message: string])[] = [
  ['{{ .Name', 'template: answer:1: unclosed action'],
  ['{{ nope }}', 'template: answer:1: function "nope" not defined'],
  ['{{ }}', 'template: answer:1: missing value for command'],
  ['{{ if .Name }}x', 'template: answer:1: unexpected EOF'],
  ['x{{ end }}', 'template: answer:1: unexpected {{end}}'],
  ['a\n{{ $x }}', 'template: answer:2: undefined variable "$x"'],
  ['{{ "a }}', 'template: answer:1: unterminated quoted string'],
  ['{{ (1 }}', 'template: answer:1: unclosed left paren'],
  ['{{ break }}', 'template: answer:1: {{break}} outside {{range}}'],
  ['{{/* a', 'template: answer:1: unclosed comment'],
  ['{{ .Name | 1 }}', 'template: answer:1: non executable command in pipeline stage 2']
]

for (const [source, message] of bad) {
  t.test(source, t => {
    t.throws(() => new Template('answer', source), { message })
    t.end()
  })
}

const failing: readonly (readonly [template: string, message: string])[] = [
  [
    '{{ .Nope }}',
    'template: answer:1:3: executing "answer" at <.Nope>: can\'t evaluate field Nope in type *template.templateData'
  ],
  [
    'x\n {{ index .Match 9 }}',
    'template: answer:2:4: executing "answer" at <index .Match 9>: error calling index: index out of range: 9'
  ],
  [
    '{{ parseInt "g" 16 8 }}',
    'template: answer:1:3: executing "answer" at <parseInt "g" 16 8>: error calling parseInt: strconv.ParseUint: parsing "g": invalid syntax'
  ],
  ['{{ len 1 }}', 'template: answer:1:3: executing "answer" at <len 1>: error calling len: len of type int'],
  [
    '{{ lt 1 "a" }}',
    'template: answer:1:3: executing "answer" at <lt 1 "a">: error calling lt: incompatible types for comparison'
  ],
  [
    '{{ not }}',
    'template: answer:1:3: executing "answer" at <not>: wrong number of args for not: want 1 got 0'
  ]
]

for (const [source, message] of failing) {
  t.test(source, t => {
    t.throws(() => new Template('answer', source).run(data), { message })
    t.end()
  })
}

t.test('work and output are bounded', t => {
  const loop = '{{ range 40000 }}{{ range 40000 }}{{ $.Name }}{{ end }}{{ end }}'
  t.throws(() => new Template('answer', loop).run(data), /too many steps|more than/)
  t.throws(
    () => new Template('answer', '{{ range 40000 }}{{ range 40000 }}{{ end }}{{ end }}').run(data),
    /steps/
  )
  t.ok(new Template('answer', '{{ printf "%99999999s" "a" }}').run(data).length < 1000)
  const deep = `${'{{ if 1 }}'.repeat(1000)}${'{{ end }}'.repeat(1000)}`
  t.throws(() => new Template('answer', deep), /within each other/)
  t.throws(() => new Template('answer', `{{ ${'('.repeat(1000)}1${')'.repeat(1000)} }}`), /within each other/)
  t.end()
})

t.test('templates are written back as Go does', t => {
  const source =
    '{{ .Name }} {{ if eq .Group.n `0a` }}10{{ else }}20{{ end }} {{ $x := 1 }}{{ $x | printf "%d" }}'
  t.equal(
    new Template('answer', source).text,
    '{{.Name}} {{if eq .Group.n `0a`}}10{{else}}20{{end}} {{$x := 1}}{{$x | printf "%d"}}'
  )
  t.end()
})

// Label selectors: what they match, and what is said of those that can't be read.
import t from 'tap'
import { LabelSelector } from '../../src/cluster/selector.ts'

const labels = JSON.parse(
  '{"app":"web","tier":"front","n":"10","empty":"","example.com/role":"db","__proto__":"x"}'
) as Record<string, string>

t.test('what matches', t => {
  const cases: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['   ', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web', true],
    ['app=db', false],
    ['app=WEB', false],
    ['missing=web', false],
    ['app!=db', true],
    ['app!=web', false],
    ['missing!=web', true],
    ['app', true],
    ['missing', false],
    ['!missing', true],
    ['! missing', true],
    ['!app', false],
    ['app in (web, db)', true],
    ['app in(web,db)', true],
    ['app in (db)', false],
    ['missing in (web)', false],
    ['app notin (db, cache)', true],
    ['app notin (web)', false],
    ['missing notin (web)', true],
    ['empty=', true],
    ['empty', true],
    ['app=', false],
    ['empty in ()', true],
    ['empty in (,web)', true],
    ['empty in (web,)', true],
    ['empty in (a,,b)', true],
    ['app in (,)', false],
    ['n>9', true],
    ['n > 10', false],
    ['n<11', true],
    ['n<2', false],
    ['app>1', false],
    ['missing<1', false],
    ['app=web,tier=front', true],
    ['app=web,tier=back', false],
    ['app=web, tier in (front, back), !missing', true],
    ['example.com/role=db', true],
    ['in=web', false],
    ['app=in', false],
    ['app in (in, notin)', false],
    ['__proto__', false],
    ['constructor', false],
    ['!toString', true]
  ]
  for (const [text, expected] of cases) {
    // `__proto__` is no label key: its first octet is no letter or digit.
    if (text === '__proto__') t.throws(() => LabelSelector.parse(text))
    else t.equal(LabelSelector.parse(text).matches(labels), expected, JSON.stringify(text))
  }
  t.equal(LabelSelector.parse(' app = web').text, ' app = web', 'the text is kept as it was written')
  t.end()
})

t.test('what is said of a mistake', t => {
  const requirement = 'unable to parse requirement: '
  const cases: readonly (readonly [string, string])[] = [
    // As recorded from CoreDNS (kubernetes-10 of bad-input.json).
    ['a in (', `${requirement}found '', expected: ',', ')' or identifier`],
    ['a in (x', `${requirement}found '', expected: ',' or ')'`],
    ['a in (x y)', `${requirement}found 'y', expected: ',' or ')'`],
    ['a in (x,', `${requirement}found '', expected: ',', or identifier`],
    ['a in x', `${requirement}found 'x' expected: '('`],
    ['a in', `${requirement}found '' expected: '('`],
    ['a in (=)', `${requirement}found '=', expected: ',', ')' or identifier`],
    ['a b', `${requirement}found 'b', expected: in, notin, =, ==, !=, gt, lt`],
    ['a ! b', `${requirement}found '!', expected: in, notin, =, ==, !=, gt, lt`],
    ['a=(b)', `${requirement}found '(', expected: identifier`],
    ['a>=1', `${requirement}found '=', expected: identifier`],
    ['!', `${requirement}found '', expected: identifier`],
    ['!!a', `${requirement}found '!', expected: identifier`],
    ['=b', `found '=', expected: !, identifier, or 'end of string'`],
    [',a', `found ',', expected: !, identifier, or 'end of string'`],
    ['a,', `found '', expected: identifier after ','`],
    ['a,,b', `found ',', expected: identifier after ','`],
    ['a=b c', `found 'c', expected: ',' or 'end of string'`],
    ['!a=b', `found '=', expected: ',' or 'end of string'`],
    ['a=b)', `found ')', expected: ',' or 'end of string'`]
  ]
  for (const [text, message] of cases) t.throws(() => LabelSelector.parse(text), { message }, text)
  t.end()
})

t.test('keys and values that no object can have are refused', t => {
  for (const text of ['-a=b', 'a-', 'a/b/c', '/a', 'A.com/b', 'k'.repeat(64), 'ö', 'a$']) {
    t.throws(() => LabelSelector.parse(text), { message: /key: Invalid value: "/ }, text)
  }
  for (const text of ['a=-b', 'a=b-', `a=${'v'.repeat(64)}`, 'a in (b/c)', 'a=ö']) {
    t.throws(() => LabelSelector.parse(text), { message: /values: Invalid value: "/ }, text)
  }
  t.throws(() => LabelSelector.parse('n>x'), { message: /the value must be an integer/ })
  for (const text of [`${'k'.repeat(63)}=${'v'.repeat(63)}`, 'a.b-c/D_e.f=G-h_i.j', '1=2']) {
    t.doesNotThrow(() => LabelSelector.parse(text), text)
  }
  t.end()
})

// The first minute: what a person can ask right now, printed where a person started the server.
import type { Addresses, App } from '../app.ts'

/** Example questions about what is really there, ready to paste. */
export function banner(app: App, addresses: Addresses): string[] {
  const [first] = addresses.dns
  if (first === undefined) return []
  const host =
    first.address === '0.0.0.0' || first.address === '[::]'
      ? '127.0.0.1'
      : first.address.replace(/^\[|\]$/g, '')
  const dig = `dig @${host}${first.port === 53 ? '' : ` -p ${first.port}`}`
  const questions = app.exampleQuestions()
  if (questions.length === 0) return []
  const width = Math.max(...questions.map(question => question.question.length))
  const lines = questions.map(({ question, remark }) => `  ${dig} ${question.padEnd(width)}   # ${remark}`)
  return ['', 'Serving. In another terminal:', '', ...lines, '', 'Ctrl-C ends it.', '']
}

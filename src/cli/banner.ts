// The first minute: what a person can ask right now, printed where a person started the server.
import type { Addresses, App } from '../app.ts'

/**
 * Example questions about what is really there, ready to paste. `corefile` is a file with the Corefile of a cluster that
 * was found and isn't used; `words` are those of the command line, for the command that would use it.
 */
export function banner(
  app: App,
  addresses: Addresses,
  corefile?: string,
  words: readonly string[] = []
): string[] {
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
  const offer = corefile === undefined ? [] : corefileOffer(corefile, words, `${first.address}:${first.port}`)
  return ['', 'Serving. In another terminal:', '', ...lines, '', ...offer, 'Ctrl-C ends it.', '']
}

/** A cluster's own Corefile listens on port 53, which takes a privilege: it is moved to where we answer now. */
function corefileOffer(corefile: string, words: readonly string[], listen: string): string[] {
  const own = words.filter(word => word !== 'serve')
  if (!own.some(word => word.startsWith('--listen'))) own.push('--listen', listen)
  const command = ['labdns', 'serve', '-conf', corefile, ...own].map(shellWord).join(' ')
  return [
    'There is a Corefile in the ConfigMap kube-system/coredns. To serve with it:',
    '',
    `  ${command}`,
    ''
  ]
}

function shellWord(word: string): string {
  return /^[\w./@:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

// The `tls` directive: the certificate for a block's `tls://` and `https://` keys (corefile-and-plugins.md §8.28). It answers
// nothing itself. Files are read here, once; a reload reads them again.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { posix } from 'node:path'
import { withPluginName, type Dispenser } from '../../corefile/dispenser.ts'
import type { Token } from '../../corefile/position.ts'
import { quoteText } from '../../corefile/values.ts'
import { fileErrorText } from '../../runtime/files.ts'
import { pathIn, type ClientAuth, type PluginDefinition, type SetupContext } from '../definition.ts'

const CLIENT_AUTH: readonly ClientAuth[] = [
  'nocert',
  'request',
  'require',
  'verify_if_given',
  'require_and_verify'
]

export const tlsPlugin: PluginDefinition = {
  name: 'tls',
  setup(c, context) {
    while (c.next()) readLine(c, context)
    return undefined
  }
}

/** Reads one occurrence; of several, the last one's certificate counts. */
function readLine(c: Dispenser, context: SetupContext): void {
  const [certWord, keyWord, caWord, surplus] = c.remainingTokens()
  if (certWord === undefined) {
    throw c.errf('labdns gets no certificates by itself (acme)', 'name the files: tls CERT KEY [CA]')
  }
  if (keyWord === undefined || surplus !== undefined) {
    // CoreDNS prints the plugin's name twice here.
    throw withPluginName(c.argErr('tls takes a certificate, its key, and a CA for clients'), 'tls')
  }
  let clientAuth: ClientAuth = 'nocert'
  let keyLogWord: Token | undefined
  while (c.nextBlock()) {
    const option = c.val()
    if (option === 'client_auth') clientAuth = readClientAuth(c)
    else if (option === 'keylog') keyLogWord = onlyWord(c)
    else throw c.errf(`unknown option '${option}'`, 'tls knows client_auth and keylog')
  }
  const cert = readPem(c, certWord, context)
  const key = readPem(c, keyWord, context)
  checkPair(c, { cert, certWord, key, keyWord })
  const ca = caWord === undefined ? undefined : readCa(c, caWord, context)
  const keyLog = keyLogWord === undefined ? undefined : openKeyLog(c, keyLogWord, context)
  context.speakTls({ cert, key, ca, clientAuth, keyLog })
}

function onlyWord(c: Dispenser): Token {
  const [word, surplus] = c.remainingTokens()
  if (word === undefined || surplus !== undefined) throw c.argErr()
  return word
}

function readClientAuth(c: Dispenser): ClientAuth {
  const word = onlyWord(c)
  const found = CLIENT_AUTH.find(each => each === word.text)
  if (found !== undefined) return found
  throw c.errf(`unknown authentication type '${word.text}'`, `it is one of ${CLIENT_AUTH.join(', ')}`, word)
}

function readPem(c: Dispenser, word: Token, context: SetupContext): Buffer {
  const path = pathIn(context, word.text)
  try {
    return context.runtime.files.read(path)
  } catch (error) {
    throw c.bareErr(`could not load TLS cert: ${fileErrorText(error, path)}`, undefined, word)
  }
}

interface Pair {
  readonly cert: Buffer
  readonly certWord: Token
  readonly key: Buffer
  readonly keyWord: Token
}

/** Whether there is a certificate, and the key is its key. */
function checkPair(c: Dispenser, { cert, certWord, key, keyWord }: Pair): void {
  const fail = (what: string, word: Token) =>
    c.bareErr(
      `could not load TLS cert: tls: ${what}`,
      'tls takes PEM files: the certificate, then its key',
      word
    )
  if (!cert.includes('-----BEGIN CERTIFICATE-----')) {
    throw fail('failed to find any PEM data in certificate input', certWord)
  }
  if (!/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(key.toString('latin1'))) {
    throw fail('failed to find any PEM data in key input', keyWord)
  }
  const certificate = attempt(() => new X509Certificate(cert))
  if (certificate === undefined) throw fail('failed to parse certificate', certWord)
  const privateKey = attempt(() => createPrivateKey(key))
  if (privateKey === undefined) throw fail('failed to parse private key', keyWord)
  if (!certificate.checkPrivateKey(privateKey)) throw fail('private key does not match public key', keyWord)
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

function readCa(c: Dispenser, word: Token, context: SetupContext): Buffer {
  const path = pathIn(context, word.text)
  let pem: Buffer
  try {
    pem = context.runtime.files.read(path)
  } catch (error) {
    throw c.bareErr(`error reading ${path}: ${fileErrorText(error, path)}`, undefined, word)
  }
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
  throw c.bareErr('could not read root certs: no certificate in PEM format in it', undefined, word)
}

/** Whoever has this file can read what was said: the log says so too. */
function openKeyLog(c: Dispenser, word: Token, context: SetupContext): (line: Buffer) => void {
  const { files, log } = context.runtime
  const path = posix.resolve(pathIn(context, word.text))
  try {
    files.append?.(path, Buffer.alloc(0))
  } catch (error) {
    throw c.errf(
      `unable to write TLS Key Log to ${quoteText(path)}: ${fileErrorText(error, path)}`,
      undefined,
      word
    )
  }
  log.plugin('tls').warn(`Writing TLS Key Log to ${quoteText(path)}`)
  return line => {
    try {
      files.append?.(path, line)
    } catch {
      // A full disk must not end a handshake.
    }
  }
}

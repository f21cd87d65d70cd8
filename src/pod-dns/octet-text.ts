// Texts that hold one character for each octet, as the kubelet sees them: a node's file may hold any octets, limits count
// octets, and what goes into the Pod's file must be the octets that came.

/** The octets of ordinary text (UTF-8), one character each. */
export const octetText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** The octets that were read, one character each. */
export const octetTextOf = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1')

/** Back to octets. */
export const octetsOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** Back to ordinary text; octets that are no UTF-8 become U+FFFD. */
export const plainText = (text: string): string => octetsOf(text).toString('utf8')

// White space as Go's `unicode.IsSpace` has it, in UTF-8: ASCII's, U+0085, U+00A0, U+1680, U+2000–200A, U+2028, U+2029,
// U+202F, U+205F, U+3000. No other character's octets contain these.
const SPACE =
  '(?:[\\t\\n\\v\\f\\r ]|\\xc2[\\x85\\xa0]|\\xe1\\x9a\\x80|\\xe2\\x80[\\x80-\\x8a\\xa8\\xa9\\xaf]|\\xe2\\x81\\x9f|\\xe3\\x80\\x80)'
const SPACES = new RegExp(`${SPACE}+`)

/** The words between white space, as Go's `strings.Fields` finds them. */
export const wordsOf = (text: string): string[] => text.split(SPACES).filter(word => word !== '')

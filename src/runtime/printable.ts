// Text from files and from other servers, made harmless for a terminal.

/** The text with U+FFFD for what a terminal obeys or can't show: control and format characters, separators, lone surrogates. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd')

// Standard output of commands that print and end: in pieces of some size, waiting for a slow reader, ending when there is
// none any more (`| head`).

const PIECE_CHARACTERS = 1 << 16

/** Writes texts one after the other. Settles with whether there was a reader to the end; rejects when writing fails. */
export async function printAll(texts: Iterable<string>): Promise<boolean> {
  let piece = ''
  for (const text of texts) {
    piece += text
    if (piece.length < PIECE_CHARACTERS) continue
    if (!(await write(piece))) return false
    piece = ''
  }
  return piece === '' || write(piece)
}

function write(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') resolve(false)
      else reject(error)
    }
    process.stdout.once('error', failed)
    process.stdout.write(text, error => {
      // The event of a failed write follows its callback.
      if (error !== null && error !== undefined) return
      process.stdout.off('error', failed)
      resolve(true)
    })
  })
}

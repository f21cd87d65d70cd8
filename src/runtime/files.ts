// Files as something that is handed in: reading whole files and folders, and no more than that.

export interface Files {
  /** The whole file. Throws the operating system's error (with `code`) when it can't be read. */
  read(path: string): Buffer
  /** Names in a folder, in code-point order. Throws the operating system's error. */
  list(path: string): string[]
  /** What is there: `file`, `directory`, or `undefined` for nothing (or something that may not be looked at). */
  kind(path: string): 'file' | 'directory' | undefined
}

/**
 * A word of a command as far as it can be known without running anything: its text, or that it is only known when
 * the command runs.
 */
export type CommandWord = string | UnknownWord

/** A word that a variable, a substitution or a pattern makes. */
export interface UnknownWord {
  /** What it surely begins with; empty where nothing is sure. */
  readonly prefix: string
  /** It can become an option: nothing sure stands before it, or it can become several words. */
  readonly mayBeOption: boolean
  /** The pattern, where the word is one of file names (`/*`). */
  readonly pattern?: string
}

export const unknownWord: UnknownWord = { prefix: '', mayBeOption: true }

/** A command that was found in another: its words, the program first. */
export interface FoundCommand {
  readonly words: readonly CommandWord[]
  /** A wrapper such as `env` or `bash -c` whose inner commands were all found: it does nothing by itself. */
  readonly transparent: boolean
}

/** Everything that a command runs, as far as it can be known. */
export interface CommandSurvey {
  readonly commands: readonly FoundCommand[]
  /** Why some of it cannot be known, for people. */
  readonly unknown: readonly string[]
}

/** The program's name without its folder. */
export function programOf({ words }: Pick<FoundCommand, 'words'>): string | undefined {
  const [program] = words
  return typeof program === 'string' ? baseName(program) : undefined
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

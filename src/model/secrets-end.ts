/** What came of the secrets of a command. */
export interface SecretsEnd {
  /** Whether they were emptied, removed, looked for, and not found. */
  readonly verified: boolean
  /** The folder in the place where some of them lie still; absent where nobody could look. */
  readonly left?: string
}

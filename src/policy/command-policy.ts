/** A command that waits for a policy's decision: what `spawn` was asked for, before anything runs. */
export interface PolicedCommand {
  readonly argv: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly user?: string
}

/** What a policy says of a command. `rule` names what led to it, for people and for logs. */
export type PolicyDecision =
  | { readonly action: 'allow' }
  | { readonly action: 'deny'; readonly rule: string; readonly reason: string }
  /** Somebody would have to be asked. A runner that gets this answer refuses the command. */
  | { readonly action: 'ask'; readonly rule: string; readonly reason: string }

/**
 * Decides which commands may run. It is a guard rail for programs that mean no harm, not a wall against those that
 * do: a program may do anything once it runs. The wall is the container.
 */
export interface CommandPolicy {
  /**
   * Decides on one command. A rejection, or an answer that is none of the three, refuses it. `signal` is aborted when
   * the command was called off meanwhile.
   */
  decide(command: PolicedCommand, options: { readonly signal: AbortSignal }): Promise<PolicyDecision>
}

import type { CommandExit } from './command-exit.js'
import type { SpawnStage } from './spawn-error.js'
import type { SpawnPlan } from './spawn-plan.js'

/** What a place offers to the commands that it starts. */
export interface LaunchPlace {
  /** The configured environment, which `inheritEnv` may name. */
  readonly env: ReadonlyMap<string, string>
  /** Folder of commands that name none. */
  readonly cwd: string | undefined
}

/** What is really started for a command. */
export interface Launch {
  readonly argv: readonly string[]
  /** Entries `NAME=value`; bytes where they need not be UTF-8. */
  readonly env: readonly (string | Uint8Array)[]
  readonly cwd: string | Uint8Array | undefined
  /** Whether PATH, HOME, USER and LOGNAME are added where they are missing. */
  readonly fillDefaults: boolean
  /** Whether the command's descriptor 3 is read, too. */
  readonly thirdOutput: boolean
}

/** Why nothing was started. */
export interface LaunchFailure {
  readonly stage: SpawnStage
  /** The system's error, such as `'ENOENT'`. */
  readonly errno: string | undefined
}

/** What a command is said to have done that was not started, and did not have to be. */
export interface LaunchAnswer {
  readonly code: number
  readonly stderr: string
}

/**
 * Whoever has a command run as something else than its own argv, such as a session by its shell: is asked what to
 * start when it is the command's turn, and sees it to its end.
 */
export interface Launcher {
  launch(place: LaunchPlace): Launch
  /** Something that was launched could not be started: what to launch instead, or what to say; else it is a failure. */
  failed(failure: LaunchFailure): Launch | LaunchAnswer | undefined
  /** What was written to descriptor 3. */
  thirdOutput(bytes: Uint8Array): void
  /** The command is over; called once, whether it ran or not. The exit it answers is the one that is told. */
  ended(exit: CommandExit): CommandExit
}

/** One of text alone. */
export interface OrdinaryLaunch extends Launch {
  readonly env: readonly string[]
  readonly cwd: string | undefined
}

/** A command that runs as its own argv, with what its place offers. */
export function ordinaryLaunch(plan: SpawnPlan, place: LaunchPlace): OrdinaryLaunch {
  const env: string[] = []
  for (const name of plan.inheritEnv) {
    const value = place.env.get(name)
    if (value !== undefined && !Object.hasOwn(plan.env, name)) env.push(`${name}=${value}`)
  }
  for (const name of Object.keys(plan.env)) env.push(`${name}=${plan.env[name]}`)
  return { argv: plan.argv, env, cwd: plan.cwd ?? place.cwd, fillDefaults: true, thirdOutput: false }
}

/** Who decides for a command, once its options were found to be well. */
export type LauncherOf = (plan: SpawnPlan) => Launcher

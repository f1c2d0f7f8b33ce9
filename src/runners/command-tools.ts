import type { StartBuiltin } from '../builtins/builtin.js'
import type { Command } from '../command/command.js'
import type { CommandExit, DescendantsReport } from '../command/command-exit.js'
import type { KillOptions, WaitForPortOptions } from '../command/command-options.js'
import { checkGrace, checkSignal } from '../command/spawn-plan.js'
import { SpawnError } from '../command/spawn-error.js'
import type { ContainersError } from '../errors/containers-error.js'
import { invalidOption } from '../errors/invalid-option.js'
import { signalNumbers } from '../model/signal.js'
import type { Loss } from './place.js'
import type { GivenSecrets } from './secrets/given-secrets.js'
import type { SupervisedCommand } from './supervised-command.js'
import { unexplained } from './to-command-exit.js'

/** Who started a command. */
export interface CommandOwner {
  settled(command: SupervisedCommand): void
  readonly builtin: StartBuiltin
}

/** Time from a lost stream to the word of why. */
export type LossOf = (error: ContainersError) => Promise<Loss>

/** What our side knows of a detached command that it has let go of. */
export const letGoExit: CommandExit = {
  reason: 'unknown',
  succeeded: false,
  evidence: 'none',
  explanation: 'Its handle was closed. The command is detached and goes on; attach to it by its id.',
}

/** Throws `INVALID_OPTION`; the signal is its number. */
export function checkKill(
  { signal = 'SIGTERM', graceMs: asked }: KillOptions,
  usualGraceMs: number,
): { signal: number; graceMs: number } {
  const graceMs = asked ?? usualGraceMs
  checkGrace(graceMs)
  checkSignal(signal)
  return { signal: signalNumbers[signal], graceMs }
}

/** The answer to a kill that comes after the end. */
export function reportOf({ descendants, evidence, reason }: CommandExit): DescendantsReport {
  const nothingRan = evidence === 'none' && ['spawnFailed', 'killed', 'aborted'].includes(reason)
  return descendants ?? { killed: 0, survivors: [], verified: nothingRan }
}

/** The error of a command that was called off before it was started. */
export function calledOff(
  program: string | undefined,
  intent: 'killed' | 'aborted',
  signal: AbortSignal | undefined,
): SpawnError {
  const message = `${JSON.stringify(program)} was ${intent} before it was started.`
  const cause = intent === 'aborted' ? { cause: signal?.reason as unknown } : {}
  return new SpawnError('connect', message, { code: 'ABORTED', ...cause })
}

/** The exit of a command whose stream was lost for good. */
export async function lostExit(
  error: ContainersError,
  lossOf: LossOf | undefined,
  intent: 'killed' | 'aborted' | undefined,
  secrets: GivenSecrets | undefined,
): Promise<CommandExit> {
  secrets?.destroyed({ verified: false })
  const loss = await (lossOf?.(error).catch(() => unexplained(error)) ?? unexplained(error))
  return {
    reason: loss.reason,
    succeeded: false,
    evidence: 'none',
    ...(intent && { requested: intent }),
    explanation: loss.explanation,
    ...(secrets && { secrets: { verified: false } }),
  }
}

/** For what is done for a command while it goes on. */
export function untilEnd(command: Command): AbortSignal {
  const ended = new AbortController()
  void command.exit.then(() => ended.abort())
  return ended.signal
}

/** As `command.waitForPort`. */
export async function waitForPort(
  command: Command,
  port: number,
  options: WaitForPortOptions,
  builtin: StartBuiltin,
): Promise<void> {
  const { waitForPort } = await import('../builtins/wait-for-port.js')
  await waitForPort(command, port, options, builtin)
}

/** Throws `INVALID_OPTION` for what a time limit cannot be extended by. */
export function checkExtension(ms: number): number {
  if (Number.isSafeInteger(ms) && ms >= 0) return ms
  throw invalidOption('ms', 'must be a whole number from 0', ms)
}

/** Resolves when a command runs and has what it is to read, or has ended. */
export async function handedOver({ started, exit }: Command, fed: Promise<void>): Promise<void> {
  await Promise.race([exit, Promise.all([started, fed])]).catch(() => {})
}

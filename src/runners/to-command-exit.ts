import type { ContainersError } from '../errors/containers-error.js'
import type { CommandExit, CommandExitReason } from '../command/command-exit.js'
import { uniqueUser } from '../command/spawn-plan.js'
import { SpawnError, type SpawnStage } from '../command/spawn-error.js'
import { errnoName } from '../model/errno.js'
import { signalName } from '../model/signal.js'
import type { Loss } from './place.js'
import type { ExitRecord, SpawnFailure } from '../supervisor/messages.js'

/** What we can ask for, by the number that the supervisor knows it by. */
const causes = { 1: 'killed', 2: 'aborted', 3: 'timeout', 6: 'idleTimeout' } as const
/** It waited for us in vain, and could tell us afterwards. */
const connectionLost = 4
/** It could still tell us, so it was not our connection that ended. */
const supervisorEnded = 5
/** Nobody renewed the lease of its container, or its time was over. */
const leaseOver = 7
const explanations = new Map([
  [
    connectionLost,
    'Its supervisor killed it, because the connection was lost for longer than orphanGraceMs.',
  ],
  [leaseOver, 'The lease of its container ran out, and the container ended.'],
  [supervisorEnded, 'Its supervisor was told to end, as by a stop of the container.'],
])
const stages: Readonly<Record<number, SpawnStage>> = {
  1: 'fork',
  2: 'user',
  3: 'cwd',
  4: 'limits',
  5: 'exec',
  7: 'terminal',
  14: 'secrets',
}

const advices = new Map([
  ['exec ENOENT', 'Check the PATH, or the first line of a script.'],
  ['terminal ENOENT', 'The place has no /dev/ptmx: let its /dev/pts be a devpts.'],
  ['terminal ENOSPC', 'All terminals are taken: see /proc/sys/kernel/pty/max.'],
])

/** What has run out where a command could not be started for want of it, and what helps. */
const shortages: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  EAGAIN: ['pids', 'No more processes may be made there: raise its limit on pids, or end some.'],
  EMFILE: ['descriptors', 'The supervisor has no descriptor left: raise nofile there, or run fewer at once.'],
  ENFILE: ['descriptors', 'The machine has no descriptor left.'],
  ENOMEM: ['memory', 'There is no memory left: raise the limit on it there, or run fewer at once.'],
}

/** An exit as the supervisor saw it. `intent` is what we asked for, in case that came too late. */
export function toCommandExit(record: ExitRecord, intent?: 'killed' | 'aborted'): CommandExit {
  const ending = readStatus(record.status)
  const reason = reasonFor(record, ending)
  const requested = causeName(record.requested ?? 0) ?? intent
  const isKnown = record.status !== undefined
  const explanation = explanations.get(record.cause) ?? (isKnown ? undefined : unseen(record))
  return {
    reason,
    ...ending,
    succeeded: reason === 'exited' && ending.code === 0,
    evidence: isKnown ? 'wait4' : 'none',
    ...(requested !== undefined && requested !== reason && { requested }),
    ...(explanation !== undefined && { explanation }),
    ...(record.startedAt && { startedAt: record.startedAt }),
    ...(record.finishedAt && { finishedAt: record.finishedAt }),
    ...(record.pausedMs > 0 && { pausedMs: record.pausedMs }),
    ...(record.oomKills > 0 && { oomKills: record.oomKills }),
    ...(isKnown && {
      cpuTimeMs: { user: record.userMs, system: record.systemMs },
      peakMemoryBytes: record.peakBytes,
    }),
    ...(record.lostBytes > 0 && { lostOutputBytes: record.lostBytes }),
    descendants: record.descendants,
    ...(record.secrets && { secrets: record.secrets }),
  }
}

function unseen({ descendants }: ExitRecord): string {
  if (descendants.survivors.length > 0) return 'It could not be killed.'
  return 'The process that stood over it was killed, so nobody saw how it ended.'
}

/** The exit of a command that never ran. */
export function neverRan(reason: 'spawnFailed' | 'killed' | 'aborted', explanation: string): CommandExit {
  return { reason, succeeded: false, evidence: 'none', explanation }
}

/** What a command that did not start was to be. */
export interface AskedFor {
  readonly argv: readonly string[]
  readonly cwd: string | Uint8Array | undefined
  readonly user: string | undefined
}

interface AskedSecrets {
  readonly names: readonly string[]
  readonly mask: { text(text: string): string }
}

/** The error for a FAILED, naming what was asked for. */
export function toSpawnError(failure: SpawnFailure, asked: AskedFor, secrets?: AskedSecrets): SpawnError {
  const stage = stages[failure.stage] ?? 'request'
  const errno = failure.errno === 0 ? undefined : errnoName(failure.errno)
  return failedStage(stage, errno, asked, failure.text, secrets)
}

/** The error for a step that failed. `text` says why in words. */
export function failedStage(
  stage: SpawnStage,
  errno: string | undefined,
  asked: AskedFor,
  text = '',
  secrets?: AskedSecrets,
): SpawnError {
  const program = JSON.stringify(asked.argv[0])
  const what = {
    exec: `${program} could not be executed`,
    cwd: `The working folder ${asked.cwd === undefined ? 'of the user' : Buffer.from(asked.cwd as string).toString()} could not be entered`,
    user:
      asked.user === uniqueUser
        ? `${program} could not be given a user of its own`
        : `There is no user ${asked.user ?? ''}, or it cannot be changed to`,
    fork: `No process could be made for ${program}`,
    limits: `The limits for ${program} could not be set`,
    secrets: `The secrets ${secrets?.names.join(', ')} could not be delivered`,
    request: `The request to start ${program} was refused`,
    terminal: `No terminal could be opened for ${program}`,
    connect: `${program} was not reached`,
  }[stage]
  const why = [errno, text].filter(Boolean).join(', ')
  // A text says itself what there is too much of.
  const [exhausted, help] = (!text && isShortage(stage) && shortages[errno ?? '']) || []
  const advice = advices.get(`${stage} ${errno}`) ?? help ?? ''
  const message = `${what}${why && `: ${why}`}.${advice && ` ${advice}`}`
  return new SpawnError(stage, secrets ? secrets.mask.text(message) : message, {
    ...(errno !== undefined && { errno }),
    ...(stage === 'request' && errno === 'EEXIST' && { code: 'COMMAND_ID_TAKEN' }),
    ...(exhausted !== undefined && { details: { exhausted } }),
    ...(stage === 'user' && errno === 'EPERM' && asked.user === uniqueUser && { code: 'NOT_SUPPORTED' }),
    ...(stage === 'secrets' && { code: 'SECRET_DELIVERY_FAILED', details: { secrets: secrets?.names } }),
  })
}

/** The others have their own reasons to be refused. */
function isShortage(stage: SpawnStage): boolean {
  return stage === 'fork' || stage === 'terminal'
}

function readStatus(status: number | undefined): Pick<CommandExit, 'code' | 'signal'> {
  if (status === undefined) return {}
  const signal = status & 0x7f
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal: signalName(signal) }
}

function reasonFor(
  { status, cause, oomKills }: ExitRecord,
  ending: Pick<CommandExit, 'signal'>,
): CommandExitReason {
  if (cause === connectionLost) return 'engineLost'
  if (cause === supervisorEnded || cause === leaseOver) return 'containerDied'
  const own = status === undefined ? 'unknown' : ending.signal === undefined ? 'exited' : 'signaled'
  return causeName(cause) ?? (ending.signal === 'SIGKILL' && oomKills > 0 ? 'oom' : own)
}

function causeName(cause: number): (typeof causes)[keyof typeof causes] | undefined {
  return causes[cause as keyof typeof causes]
}

/** What is said of a command whose place does not say more. */
export function unexplained(error: ContainersError): Loss {
  return { reason: 'engineLost', explanation: error.message }
}

import { SpawnError } from '../../command/spawn-error.js'
import type { SpawnPlan } from '../../command/spawn-plan.js'
import type { ContainerEngine } from '../../engine/container-engine.js'
import { execInContainer, type ContainerExec } from '../../exec/exec-in-container.js'
import { runInContainer } from '../../exec/run-in-container.js'
import { longestTextBytes } from '../../model/kernel-limits.js'
import { signalNumbers, type SignalName } from '../../model/signal.js'
import { assertRunning } from './container-state.js'
import { placeDefaults } from './open-container.js'

/** The variable by which the processes of a command started by plain exec are known. */
const markVariable = 'ANYON_COMMAND'
/** How long the engine may take to run the search. */
const patienceMs = 20_000
/** How often what is killed is looked for again: it may have forked meanwhile. */
const killRounds = 20

/** Whom a signal reached, and who was there afterwards. */
export interface Sweep {
  readonly signalled: number
  readonly left: readonly number[]
}

/** A container that runs, in which commands are known by a mark. */
export interface MarkedPlace {
  /** Starts a command with a mark on it, which all that it starts inherits. Throws a `SpawnError` for too long a text. */
  start(plan: SpawnPlan, mark: string): ContainerExec
  /** Signals what carries the mark. Rejects where the container has no `sh` and `tr`. */
  signal(plan: SpawnPlan, mark: string, signal: SignalName): Promise<Sweep>
}

/** Looks at the container. `user`: of commands that name none. */
export async function openMarked(
  engine: ContainerEngine,
  name: string,
  user: string | undefined,
): Promise<MarkedPlace> {
  const container = await engine.inspectContainer(name)
  assertRunning(container)
  const usual = placeDefaults(container, user).user
  const asUser = (plan: SpawnPlan) => {
    const user = plan.user ?? usual
    return user === undefined ? {} : { user }
  }
  return {
    start: (plan, mark) => {
      checkLengths(plan)
      return execInContainer(engine, container.id, plan.argv, {
        ...asUser(plan),
        env: { ...plan.env, [markVariable]: mark },
        ...(plan.cwd !== undefined && { cwd: plan.cwd }),
        ...(plan.stdin.kind !== 'none' && { stdin: 'pipe' }),
      })
    },
    signal: (plan, mark, signal) => signalMarked(engine, container.id, mark, signal, asUser(plan)),
  }
}

/** An engine tells of a text that is too long as if the program had run, and had ended with 1. */
function checkLengths({ argv, env }: SpawnPlan): void {
  const texts = [...argv, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  if (texts.every((text) => Buffer.byteLength(text) <= longestTextBytes)) return
  const rule = `an argument or a variable is longer than ${longestTextBytes} bytes`
  const message = `${JSON.stringify(argv[0])} could not be started: ${rule}. Pass it through stdin or a file.`
  throw new SpawnError('exec', message, { errno: 'E2BIG' })
}

/**
 * Signals every process whose environment carries the mark, and the process groups that these are in; with SIGKILL
 * until none is found. It runs beside the command as the same user, because even root may not read the environment of
 * another user's process everywhere. Who has left the group and cleared its environment is not found.
 */
async function signalMarked(
  engine: ContainerEngine,
  containerId: string,
  mark: string,
  signal: SignalName,
  asUser: { user?: string },
): Promise<Sweep> {
  const rounds = signal === 'SIGKILL' ? killRounds : 1
  const numbers = [signalNumbers[signal], rounds].map(String)
  const argv = ['sh', '-c', script, 'sh', `${markVariable}=${mark}`, ...numbers]
  const { exit, stdout } = await runInContainer(engine, containerId, argv, {
    ...asUser,
    cwd: '/',
    maxOutputBytes: 64 * 1024,
    signal: AbortSignal.timeout(patienceMs),
  })
  const [signalled, ...left] = stdout.trim().split(' ').map(Number)
  if (signalled !== undefined && exit.succeeded) return { signalled, left }
  throw new Error(`a search for its processes ended with ${exit.code ?? exit.reason}`)
}

/**
 * The mark is in this script's arguments, which are not searched; its own environment does not have it. A process that
 * died by the signal to its group, and is gone when its own comes, was met as well.
 */
const script = `
mark=$1 signal=$2 rounds=$3 count=0
command -v tr >/dev/null || exit 127
exec 2>/dev/null
search() {
  found=
  for file in /proc/[0-9]*/environ; do
    case "$(tr '\\0' '\\n' <"$file")" in
      *"$mark"*) pid=\${file%/environ}; found="$found \${pid#/proc/}";;
    esac
  done
}
while search; [ -n "$found" ] && [ "$rounds" -gt 0 ]; do
  rounds=$((rounds - 1))
  for pid in $found; do
    stat=$(cat "/proc/$pid/stat")
    set -- \${stat##*) }
    met=
    [ "\${3:-0}" -gt 1 ] && kill "-$signal" "-$3" && met=1
    kill "-$signal" "$pid" && met=1
    [ "$met" ] && count=$((count + 1))
    case $signal in 19|20|21|22) ;; *) kill -CONT "-$3" "$pid";; esac
  done
done
echo "$count$found"`

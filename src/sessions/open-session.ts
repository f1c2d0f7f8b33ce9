import { uniqueUser } from '../command/spawn-plan.js'
import type { CommandExit } from '../command/command-exit.js'
import type { SpawnOptions } from '../command/command-options.js'
import { ordinaryLaunch, type Launch, type LaunchAnswer, type LaunchFailure } from '../command/launch.js'
import type { Launcher, LaunchPlace } from '../command/launch.js'
import type { Session, SessionOptions, SessionShell } from '../command/session.js'
import { SpawnError } from '../command/spawn-error.js'
import type { SpawnPlan } from '../command/spawn-plan.js'
import { invalidOption } from '../errors/invalid-option.js'
import { CommandSession, type SessionHost } from './command-session.js'
import type { Keeper } from './keeper.js'
import { LibraryKeeper, noProgram } from './library-keeper.js'
import { readListing } from './shell-listing.js'
import { ShellKeeper } from './shell-keeper.js'
import { ThirdOutput } from './third-output.js'
import { wrapped } from './wrapper.js'

const shells: readonly SessionShell[] = ['bash', 'sh', 'none']

/** Finds the shell, and looks at what it begins with. */
export async function openSession(host: SessionHost, options: SessionOptions): Promise<Session> {
  const { shell: wanted, ...spawnOptions } = options
  if (wanted !== undefined && !shells.includes(wanted)) {
    throw invalidOption('shell', "must be 'bash', 'sh' or 'none'", wanted)
  }
  if (spawnOptions.user === uniqueUser) {
    const advice = 'Its commands share what they leave. Use the runner.'
    throw invalidOption('user', "must not be 'unique' for a session", uniqueUser, advice)
  }
  let problem: unknown
  for (const shell of wanted === undefined ? shells : [wanted]) {
    try {
      const keeper = await tryShell(host, shell, spawnOptions)
      return new CommandSession(host, keeper, options.user)
    } catch (error) {
      if (!(error instanceof SpawnError) || error.stage !== 'exec') throw error
      problem = error
    }
  }
  throw problem
}

/** Rejects with a `SpawnError` of the stage `exec` where another shell may do. */
async function tryShell(host: SessionHost, shell: SessionShell, options: SpawnOptions): Promise<Keeper> {
  let opening: Opening | undefined
  const argv = shell === 'none' ? noProgram : ['command', '-v', shell]
  const { handle, begin } = host.prepare(argv, options, (plan) => (opening = new Opening(shell, plan)))
  begin()
  const [path, complaint, exit] = await Promise.all([handle.text(), handle.text('stderr'), handle.exit])
  await handle.started
  if (exit.reason !== 'exited') {
    throw new SpawnError('connect', `The session was not opened: ${exit.explanation ?? exit.reason}`)
  }
  const keeper = opening?.keeper(path.trim())
  if (keeper) return keeper
  throw new SpawnError('exec', `${shell} did not open a session (code ${exit.code}): ${complaint.trim()}`)
}

/** The first command: what the session's shell is, and what it begins with. */
class Opening implements Launcher {
  private readonly output = new ThirdOutput()
  private launched: Launch | undefined

  constructor(
    private readonly shell: SessionShell,
    private readonly plan: SpawnPlan,
  ) {}

  launch(place: LaunchPlace): Launch {
    const launch = ordinaryLaunch(this.plan, place)
    const { shell } = this
    if (shell === 'none') return (this.launched = { ...launch, cwd: launch.cwd ?? '/' })
    const text = wrapped(shell, { kind: 'words', pieces: [], tracing: [] })
    const argv = [shell, ...(shell === 'bash' ? ['--norc'] : []), '-c', text, shell, ...this.plan.argv]
    return (this.launched = { ...launch, argv, thirdOutput: true })
  }

  failed({ stage }: LaunchFailure): LaunchAnswer | undefined {
    return this.shell === 'none' && stage === 'exec' ? { code: 0, stderr: '' } : undefined
  }

  thirdOutput(bytes: Uint8Array): void {
    this.output.push(bytes)
  }

  ended(exit: CommandExit): CommandExit {
    return exit
  }

  keeper(path: string): Keeper | undefined {
    const { shell, launched } = this
    if (!launched) return undefined
    if (shell === 'none') return new LibraryKeeper(String(launched.cwd), readEntries(launched, 'utf8'))
    const parts = this.output.parts(shell)
    if (!parts) return undefined
    const listing = readListing(shell, parts.slice(1))
    return new ShellKeeper(
      shell,
      path.startsWith('/') ? path : shell,
      listing,
      readEntries(launched, 'latin1'),
    )
  }
}

/** The environment by name; in latin1, one character is a byte. */
function readEntries({ env }: Launch, encoding: 'utf8' | 'latin1'): Map<string, string> {
  const entries = env.map((entry) => Buffer.from(entry as string).toString(encoding))
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

import type { CommandExit } from '../command/command-exit.js'
import type { Launch, LaunchFailure, Launcher } from '../command/launch.js'
import type { Keeper } from './keeper.js'
import { readListing, type Listing } from './shell-listing.js'
import { toState, type ShellState } from './shell-state.js'
import { ThirdOutput } from './third-output.js'
import { isAbsoluteCd, scriptOf, shellWords } from './words.js'
import { replaced, wrapped, type Wrapping } from './wrapper.js'

/** How much of one string the kernel takes, with room for the entry's name. */
const pieceBytes = 96 * 1024

/** A session whose state is that of a shell. */
export class ShellKeeper implements Keeper {
  private state: ShellState
  private notRestoredInARow = 0

  constructor(
    readonly shell: 'bash' | 'sh',
    /** Where the shell is, whatever becomes of PATH. */
    private readonly path: string,
    private readonly fresh: Listing,
    /** The environment that the session began with. */
    private readonly given: ReadonlyMap<string, string>,
  ) {
    this.state = toState(shell, fresh, fresh, given)
  }

  get cwd(): string {
    return bytes(this.state.cwd).toString()
  }

  get env(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.state.env].map(([name, value]) => [name, bytes(value).toString()]))
  }

  launcher(argv: readonly string[]): Launcher {
    return new ShellLauncher(this, argv)
  }

  /** What is started for a command, and whether it tells of the state that it leaves. */
  launch(argv: readonly string[]): Launch {
    const { state } = this
    const kind = this.kindOf(argv)
    if (kind === 'program' && state.bare) return this.launchOf(argv, state.env.keys(), [], false)
    const visible = [...state.env.keys()].filter((name) => !state.hidden.has(name))
    const pieces = inPieces(state.restore)
    const names = pieces.map(([name]) => name)
    const text =
      kind === 'program'
        ? replaced(this.shell, names)
        : wrapped(this.shell, { kind, pieces: names, tracing: state.tracing, alias: argv[0] ?? '' })
    const words = kind === 'script' ? [scriptOf(argv) ?? ''] : argv
    const start = this.shell === 'bash' ? [this.path, '--norc', '-c'] : [this.path, '-c']
    return this.launchOf([...start, text, this.shell, ...words], visible, pieces, kind !== 'program')
  }

  /** Takes what a command has left. Answers what was not taken, for people. */
  take(parts: readonly string[]): string | undefined {
    this.notRestoredInARow = 0
    const [restored, ...listed] = parts
    const listing = readListing(this.shell, listed)
    const cwd = listing.cwd.startsWith('/') ? listing.cwd : this.state.cwd
    if (listing.functions.names.includes('builtin')) {
      return 'The session is as it was before: it cannot keep a function that is named builtin.'
    }
    this.state = toState(this.shell, { ...listing, cwd }, this.fresh, this.given)
    return restored === '0' ? undefined : 'The shell could not restore all that the session had kept of it.'
  }

  /**
   * The shell did not get as far as to run the command. When what is to be restored is the reason, folder and
   * environment are kept, and nothing else: where the shell ended by itself, or came to no good end twice in a row.
   */
  notRestored(endedByItself: boolean): string | undefined {
    if (this.state.restore === '' || (!endedByItself && ++this.notRestoredInARow < 2)) return undefined
    const { cwd, env } = this.state
    const none = new Set<string>()
    this.state = {
      cwd,
      env,
      hidden: none,
      restore: '',
      tracing: [],
      functions: none,
      aliases: none,
      bare: true,
    }
    return 'The shell could not restore what the session had kept of it, and the command did not run; that was dropped.'
  }

  private kindOf(argv: readonly string[]): Wrapping['kind'] | 'program' {
    if (scriptOf(argv) !== undefined) return 'script'
    const word = argv[0] ?? ''
    const { aliases, functions } = this.state
    if (aliases.has(word) && /^[\w.:+-]+$/.test(word)) return 'alias'
    return functions.has(word) || shellWords[this.shell].has(word) ? 'words' : 'program'
  }

  private launchOf(
    argv: readonly string[],
    names: Iterable<string>,
    pieces: readonly (readonly [string, string])[],
    thirdOutput: boolean,
  ): Launch {
    const { env, cwd } = this.state
    const entries = [...names].map((name) => bytes(`${name}=${env.get(name)}`))
    for (const [name, text] of pieces) entries.push(bytes(`${name}=${text}`))
    return { argv, env: entries, cwd: bytes(cwd), fillDefaults: false, thirdOutput }
  }
}

class ShellLauncher implements Launcher {
  private readonly output = new ThirdOutput()
  private launched: Launch | undefined
  private elsewhere = false

  constructor(
    private readonly keeper: ShellKeeper,
    private readonly argv: readonly string[],
  ) {}

  launch(): Launch {
    return (this.launched = this.keeper.launch(this.argv))
  }

  /** Out of a folder that is gone there is a way. */
  failed({ stage }: LaunchFailure): Launch | undefined {
    if (stage !== 'cwd' || this.elsewhere || !this.launched || !isAbsoluteCd(this.argv)) return undefined
    this.elsewhere = true
    return { ...this.launched, cwd: '/' }
  }

  thirdOutput(written: Uint8Array): void {
    this.output.push(written)
  }

  ended(exit: CommandExit): CommandExit {
    if (!this.launched?.thirdOutput) return exit
    const remark = this.take(exit.reason)
    if (remark === undefined) return exit
    return { ...exit, explanation: exit.explanation === undefined ? remark : `${exit.explanation} ${remark}` }
  }

  private take(reason: CommandExit['reason']): string | undefined {
    const { output, keeper } = this
    const unasked = reason === 'exited' || reason === 'signaled' || reason === 'timeout'
    if (output.isEmpty) return unasked ? keeper.notRestored(reason === 'exited') : undefined
    if (reason !== 'exited') return undefined
    if (output.isTooLong)
      return `The session is as it was before: it keeps at most ${ThirdOutput.mostBytes} bytes.`
    const parts = output.parts(keeper.shell)
    return parts && keeper.take(parts)
  }
}

function inPieces(text: string): [name: string, text: string][] {
  const pieces: [string, string][] = []
  for (let at = 0; at < text.length; at += pieceBytes) {
    pieces.push([`__ANYON_STATE_${pieces.length}`, text.slice(at, at + pieceBytes)])
  }
  return pieces
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

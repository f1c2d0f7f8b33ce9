import { posix } from 'node:path'
import type { CommandExit } from '../command/command-exit.js'
import type { Launch, LaunchAnswer, LaunchFailure, Launcher } from '../command/launch.js'
import type { Keeper } from './keeper.js'

/** A folder is no program: an attempt to run it fails after everything before it went well. */
export const noProgram = ['/']

/** What a word of the library's does, once it is its turn. */
interface Change {
  /** The folder that has to be there. */
  readonly cwd?: string
  readonly fault?: string
  apply?(): void
}

/** A session without a shell: the library itself keeps folder and environment, and knows `cd`, `export` and `unset`. */
export class LibraryKeeper implements Keeper {
  readonly shell = 'none'
  private readonly variables: Map<string, string>

  constructor(
    public cwd: string,
    given: ReadonlyMap<string, string>,
  ) {
    this.variables = new Map(given)
  }

  get env(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.variables)
  }

  launcher(argv: readonly string[]): Launcher {
    return new LibraryLauncher(this, argv)
  }

  launch(argv: readonly string[], cwd = this.cwd): Launch {
    const env = [...this.variables].map(([name, value]) => `${name}=${value}`)
    return { argv, env, cwd, fillDefaults: true, thirdOutput: false }
  }

  changeOf([word, ...operands]: readonly string[]): Change | undefined {
    const given = operands[0] === '--' ? operands.slice(1) : operands
    if (word === 'cd') return this.changeFolder(given)
    if (word === 'export') return this.changeVariables(given, /^[A-Za-z_]\w*(=|$)/)
    if (word === 'unset') return this.changeVariables(given, /^[A-Za-z_]\w*$/, true)
    return undefined
  }

  private changeFolder([folder, ...more]: readonly string[]): Change {
    const target = folder === '-' ? this.variables.get('OLDPWD') : (folder ?? this.variables.get('HOME'))
    if (target === undefined || more.length > 0) return { fault: 'cd: one folder must be named' }
    const cwd = posix.resolve(this.cwd, target)
    const apply = () => {
      this.variables.set('OLDPWD', this.cwd)
      this.variables.set('PWD', cwd)
      this.cwd = cwd
    }
    return { cwd, apply }
  }

  private changeVariables(operands: readonly string[], rule: RegExp, unset = false): Change {
    const wrong = operands.find((operand) => !rule.test(operand))
    if (wrong !== undefined) return { fault: `${JSON.stringify(wrong)} is not a valid name` }
    const apply = () => {
      for (const operand of operands) {
        const at = operand.indexOf('=')
        if (unset) this.variables.delete(operand)
        else if (at > 0) this.variables.set(operand.slice(0, at), operand.slice(at + 1))
      }
    }
    return { apply }
  }
}

class LibraryLauncher implements Launcher {
  private change: Change | undefined

  constructor(
    private readonly keeper: LibraryKeeper,
    private readonly argv: readonly string[],
  ) {}

  launch(): Launch {
    this.change = this.keeper.changeOf(this.argv)
    return this.change ? this.keeper.launch(noProgram, this.change.cwd) : this.keeper.launch(this.argv)
  }

  failed({ stage, errno }: LaunchFailure): LaunchAnswer | undefined {
    const { change } = this
    if (!change || (stage !== 'exec' && stage !== 'cwd')) return undefined
    if (change.fault !== undefined) return { code: 1, stderr: `${change.fault}\n` }
    if (stage === 'cwd' && change.cwd !== undefined) {
      return { code: 1, stderr: `cd: ${change.cwd}: ${errno ?? 'cannot be entered'}\n` }
    }
    return { code: 0, stderr: '' }
  }

  thirdOutput(): void {}

  ended(exit: CommandExit): CommandExit {
    if (exit.succeeded) this.change?.apply?.()
    return exit
  }
}

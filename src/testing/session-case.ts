import type { CommandRunner } from '../command/command-runner.js'
import type { Session, SessionOptions } from '../command/session.js'
import { shell } from '../command/shell.js'
import { output } from './case-tools.js'
import { defineCases, type RunnerCase } from './runner-case.js'

/** What a case tries on a session that is opened in `/tmp` and closed for it. */
export type SessionCase = [
  name: string,
  run: (session: Session, runner: CommandRunner) => Promise<void>,
  options?: SessionOptions,
]

export function defineSessionCases(cases: readonly SessionCase[]): readonly RunnerCase[] {
  return defineCases(
    cases.map(([name, run, options]) => ({
      name,
      needs: ['sessions'],
      async run(runner) {
        await using session = await runner.openSession({ cwd: '/tmp', ...options })
        await run(session, runner)
      },
    })),
  )
}

/** The stdout of a script that must succeed. */
export function text(session: Session, script: string): Promise<string> {
  return output(session.run(shell(script)))
}

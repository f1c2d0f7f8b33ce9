import { expect, test } from 'vitest'
import type { CommandRunner } from '../../src/command/command-runner.js'
import type { CaseSizes, RunnerAbility } from '../../src/testing/runner-case.js'
import { runnerCases } from '../../src/testing/runner-cases.js'
import { SharedRunner } from '../support/shared-runner.js'

/** How the cases are run, where it is not all of them. */
export interface CasesOf {
  /** The capabilities that the runner has not. */
  readonly lacking?: readonly RunnerAbility[]
  /** Cases that ask for what the place has not, each with what that is. */
  readonly beyond?: Readonly<Record<string, string>>
  /** Default: 64 MiB as the longest output. */
  readonly sizes?: CaseSizes
}

const smallerSizes = { longestOutputBytes: 64 * 1024 * 1024 }

/**
 * A test for each case but those that need what the runner lacks. What it lacks is written down here, and which cases
 * that rules out in test/testing/runner-cases.test.ts, so that none is left out unnoticed. Cases beyond the place are
 * tried as well, and have to fail.
 */
export function runCases(runner: () => CommandRunner, which: CasesOf = {}): void {
  const { lacking = [], beyond = {}, sizes = smallerSizes } = which
  test('lacks the capabilities for which cases are left out, and no other', () => {
    const absent = Object.entries(runner().capabilities).filter(([, value]) => value === false)
    expect(absent.map(([name]) => name).sort()).toEqual([...lacking].sort())
  })

  test('is asked for no more than its place has in cases that there are', () => {
    const names = runnerCases.map(({ name }) => name)
    expect(Object.keys(beyond).filter((name) => !names.includes(name))).toEqual([])
  })

  for (const { name, run } of runnerCases.filter(({ needs }) => !needs.some((n) => lacking.includes(n)))) {
    const tried = () => run(() => new SharedRunner(runner()), sizes)
    const reason = beyond[name]
    if (reason === undefined) test(name, { timeout: 30_000 }, tried)
    else test(`not without ${reason}: ${name}`, () => expect(tried()).rejects.toThrow())
  }
}

import { expect, test } from 'vitest'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { ForwardingRunner } from '../../src/command/forwarding-runner.js'
import type { CaseSizes, RunnerAbility } from '../../src/testing/runner-case.js'
import { runnerCases } from '../../src/testing/runner-cases.js'

/** One runner for many cases, each of which would close it. */
class SharedRunner extends ForwardingRunner {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

/**
 * A test for each case but those that need what the runner lacks. What it lacks is written down here, and which cases
 * that rules out in test/testing/runner-cases.test.ts, so that none is left out unnoticed.
 */
export function runCases(
  runner: () => CommandRunner,
  lacking: readonly RunnerAbility[] = [],
  sizes: CaseSizes = { longestOutputBytes: 64 * 1024 * 1024 },
): void {
  test('lacks the capabilities for which cases are left out, and no other', () => {
    const absent = Object.entries(runner().capabilities).filter(([, value]) => value === false)
    expect(absent.map(([name]) => name).sort()).toEqual([...lacking].sort())
  })

  for (const { name, run } of runnerCases.filter(({ needs }) => !needs.some((n) => lacking.includes(n)))) {
    test(name, { timeout: 30_000 }, () => run(() => new SharedRunner(runner()), sizes))
  }
}

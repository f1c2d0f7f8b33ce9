import { expect, test } from 'vitest'
import type { CommandRunner } from '../../src/command/command-runner.js'
import { ForwardingRunner } from '../../src/command/forwarding-runner.js'
import { runnerCases } from '../../src/testing/runner-cases.js'

/** One runner for many cases, each of which would close it. */
class SharedRunner extends ForwardingRunner {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

/** A test for each case but those of these names, which the runner's capabilities must rule out, and no others. */
export function runCases(runner: () => CommandRunner, leftOut: readonly string[] = []): void {
  test('leaves out the cases that its capabilities rule out, and no other', () => {
    const { capabilities } = runner()
    const ruledOut = runnerCases.filter(({ needs }) => needs.some((need) => !capabilities[need]))
    expect(ruledOut.map(({ name }) => name).sort()).toEqual([...leftOut].sort())
  })

  for (const { name, run } of runnerCases.filter(({ name }) => !leftOut.includes(name))) {
    test(name, { timeout: 30_000 }, () => run(() => new SharedRunner(runner())))
  }
}

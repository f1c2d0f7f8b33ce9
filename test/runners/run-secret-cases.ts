import { test } from 'vitest'
import type { SecretCaseOptions } from '../../src/testing/secret-case.js'
import { secretCases } from '../../src/testing/secret-cases.js'
import type { CommandRunner } from '../../src/command/command-runner.js'

/** Plays the cases of runners that give secrets to commands. */
export function runSecretCases(open: (options: SecretCaseOptions) => CommandRunner): void {
  for (const { name, run } of secretCases) test(name, { timeout: 30_000 }, () => run(open))
}

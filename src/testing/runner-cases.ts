import { argumentCases } from './argument-cases.js'
import { crowdCases } from './crowd-cases.js'
import { descendantCases } from './descendant-cases.js'
import { detachedCases } from './detached-cases.js'
import { exitCases } from './exit-cases.js'
import { failureCases } from './failure-cases.js'
import { identityCases } from './identity-cases.js'
import { killCases } from './kill-cases.js'
import { limitCases } from './limit-cases.js'
import { longOutputCases } from './long-output-cases.js'
import { outputCases } from './output-cases.js'
import { readerCases } from './reader-cases.js'
import type { RunnerCase } from './runner-case.js'
import { sessionCases } from './session-cases.js'
import { sessionStateCases } from './session-state-cases.js'
import { stdinCases } from './stdin-cases.js'
import { terminalCases } from './terminal-cases.js'
import { timeCases } from './time-cases.js'
import { waitCases } from './wait-cases.js'

/**
 * What every `CommandRunner` does alike, for any test framework. The place is a Linux with `sh` and the usual
 * small tools in its PATH, users root and nobody, and a `/tmp` that may be written to and run from; its configured
 * environment has `ANYON_CASE_INHERITED=yes` and `ANYON_CASE_OTHER=no`.
 *
 * @example
 * ```ts
 * for (const { name, run } of runnerCases) test(name, () => run(() => new MyRunner()))
 * ```
 */
export const runnerCases: readonly RunnerCase[] = [
  ...argumentCases,
  ...identityCases,
  ...failureCases,
  ...stdinCases,
  ...terminalCases,
  ...outputCases,
  ...longOutputCases,
  ...readerCases,
  ...exitCases,
  ...killCases,
  ...descendantCases,
  ...detachedCases,
  ...timeCases,
  ...limitCases,
  ...crowdCases,
  ...waitCases,
  ...sessionStateCases,
  ...sessionCases,
]

import { endCases } from './cases-end.js'
import { outputCases } from './cases-output.js'
import { startCases } from './cases-start.js'

export { canRun } from './cases-end.js'

/** What every runner does alike. */
export const runnerCases = [...startCases, ...outputCases, ...endCases]

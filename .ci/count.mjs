// Prints "N passed, N failed" from vitest's JSON report. A file that failed before its tests counts as one failed.
import { readFileSync } from 'node:fs'

let report = { testResults: [], numPassedTests: 0, numFailedTests: 1 }
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
} catch (error) {
  console.log(`No report of the tests: ${error.message}`)
}
const broken = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
)
for (const { name } of broken) console.log(`Failed outside its tests: ${name}`)
const failed = report.numFailedTests + broken.length
console.log(`${report.numPassedTests} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

// Prints what failed, and last "N passed, N failed", from vitest's JSON report: the runner's own words stand far above
// by then. A file that failed before its tests counts as one failed.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const LINES = 20

const firstLines = (text) =>
  text
    .split('\n')
    .filter((line) => !line.includes('/node_modules/'))
    .slice(0, LINES)
    .join('\n')

let report = { testResults: [], numPassedTests: 0, numFailedTests: 1 }
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
} catch (error) {
  console.log(`No report of the tests: ${error.message}`)
}
let broken = 0
for (const { name, status, message, assertionResults } of report.testResults) {
  const file = relative(process.cwd(), name)
  const failed = assertionResults.filter((test) => test.status === 'failed')
  for (const { fullName, failureMessages } of failed) {
    console.log(`\nFailed: ${file}: ${fullName}\n${failureMessages.map(firstLines).join('\n')}`)
  }
  if (status !== 'failed' || failed.length > 0) continue
  broken += 1
  console.log(`\nFailed outside its tests: ${file}\n${firstLines(message ?? '')}`)
}
const failed = report.numFailedTests + broken
console.log(`${report.numPassedTests} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

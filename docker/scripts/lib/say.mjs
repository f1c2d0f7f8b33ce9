/** Progress, one short line at a time, on stderr: stdout stays free for results. */
export function say(topic, text) {
  process.stderr.write(`${topic}: ${text}\n`)
}

/** Something that the person at the keyboard has to do: printed without a stack. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** Runs a script's main function; a SetupError is shown as its message alone. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    process.stderr.write(`\n${error instanceof SetupError ? error.message : error.stack}\n`)
    process.exitCode = 1
  }
}

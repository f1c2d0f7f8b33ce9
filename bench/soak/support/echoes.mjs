import { sha256 } from './mixed-commands.mjs'

/** After how many bytes to cut each connection: one plan for each, which is asked for again with each chunk. */
export function plannedCuts(draw, mostBytes) {
  const plans = []
  return (nth) => (plans[nth] ??= { toEngine: draw(mostBytes), toClient: draw(mostBytes) })
}

/** Runs a command that says what it is told, and more. Gives nothing, or what is wrong. */
export async function echo(runner, input, code) {
  const script = `cat; echo side >&2; exit ${code}`
  const { exit, stdoutBytes, stderr } = await runner.run(['sh', '-c', script], { stdin: input })
  const right =
    exit.reason === 'exited' &&
    exit.code === code &&
    stderr === 'side\n' &&
    sha256(stdoutBytes) === sha256(input)
  return right
    ? undefined
    : JSON.stringify({ exit, code, stderr, sent: input.length, got: stdoutBytes.length })
}

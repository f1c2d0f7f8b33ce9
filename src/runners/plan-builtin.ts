import type { BuiltinOptions } from '../builtins/builtin.js'
import { planSpawn, type SpawnPlan, type TimeoutBounds } from '../command/spawn-plan.js'

const anyTimeout: TimeoutBounds = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER }
/** A write that is called off has its new file to remove. */
const graceMs = 1_000

/** What is sent for a function of the supervisor. Throws `INVALID_OPTION`. */
export function planBuiltin(
  argv: readonly (string | Uint8Array)[],
  { user, cwd, stdin, timeoutMs, signal }: BuiltinOptions,
): SpawnPlan {
  const shown = argv.map((argument) =>
    typeof argument === 'string' ? argument : Buffer.from(argument).toString(),
  )
  const options = {
    graceMs,
    ...(user !== undefined && { user }),
    ...(cwd !== undefined && { cwd }),
    ...(stdin !== undefined && { stdin }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal !== undefined && { signal }),
  }
  return { ...planSpawn(shown, options, anyTimeout), builtin: argv }
}

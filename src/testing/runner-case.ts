import assert from 'node:assert/strict'
import type { CommandRunner, RunnerCapabilities } from '../command/command-runner.js'

/** A capability that a place has or has not. */
export type RunnerAbility = {
  [Name in keyof RunnerCapabilities]: RunnerCapabilities[Name] extends boolean ? Name : never
}[keyof RunnerCapabilities]

/** How much the cases that try amounts ask for, where that is not to be what it is by default. */
export interface CaseSizes {
  /** Bytes of the longest output, which is read as a stream. A multiple of 1 MiB, default 1 GiB. */
  readonly longestOutputBytes?: number
}

/** One thing that every runner does alike. */
export interface RunnerCase {
  readonly name: string
  /**
   * The capabilities without which a runner cannot meet the case. For a runner that lacks one, leave the case out by
   * this list; `run` would reject.
   */
  readonly needs: readonly RunnerAbility[]
  /** Makes a runner, tries it and closes it. Rejects with an `AssertionError` when it does otherwise than others. */
  run(open: () => CommandRunner | Promise<CommandRunner>, sizes?: CaseSizes): Promise<void>
}

/** A case as it is written down: what it needs, and what it tries on a runner that somebody else closes. */
export interface CaseBody {
  readonly name: string
  readonly needs?: readonly RunnerAbility[]
  run(runner: CommandRunner, sizes: Required<CaseSizes>): Promise<void>
}

const usualSizes: Required<CaseSizes> = { longestOutputBytes: 1024 ** 3 }

/** Cases from their bodies. */
export function defineCases(bodies: readonly CaseBody[]): readonly RunnerCase[] {
  return bodies.map(({ name, needs = [], run }) => ({
    name,
    needs,
    async run(open, sizes) {
      await using runner = await open()
      const lacking = needs.filter((need) => !runner.capabilities[need])
      assert.equal(lacking.join(', '), '', 'The case needs what the runner’s capabilities say it lacks.')
      await run(runner, { ...usualSizes, ...sizes })
    },
  }))
}
